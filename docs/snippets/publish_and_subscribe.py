"""Publish a command and print its events, with pika and nothing of workers-core."""

import json
import os
import uuid

import pika

connection = pika.BlockingConnection(pika.URLParameters(os.environ["RMQ_URL"]))
channel = connection.channel()
channel.confirm_delivery()
mine = channel.queue_declare("", exclusive=True).method.queue
channel.queue_bind(mine, "workers.events", "#")
identity = pika.BasicProperties(
    message_id=str(uuid.uuid4()), correlation_id=str(uuid.uuid4()), delivery_mode=2
)
body = json.dumps({"number": "12345674"})
channel.basic_publish("workers.commands", "taxpayer.validate", body, identity, mandatory=True)
for _, _, event in channel.consume(mine, auto_ack=True, inactivity_timeout=30):
    found = json.loads(event) if event else {"type": "nothing within 30 s"}
    if not event or found["correlationid"] == identity.correlation_id:
        print(found["type"], json.dumps(found.get("data"), ensure_ascii=False))
        break
connection.close()
