"""The worker email.send: answers email.send with email.sent."""
