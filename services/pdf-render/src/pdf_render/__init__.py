"""The worker pdf.render: answers pdf.render with pdf.rendered."""
