import json, os, pika  # docs/snippets/first_lookup.py
connection = pika.BlockingConnection(pika.URLParameters(os.environ["RMQ_URL"]))
channel = connection.channel()
inbox = channel.queue_declare("", exclusive=True).method.queue
channel.queue_bind(inbox, "workers.events", "anaf.taxpayer.#")
channel.basic_publish("workers.commands", "taxpayer.validate", json.dumps({"number": "RO12345674"}),
                      pika.BasicProperties(message_id="my-id-1", correlation_id="order-42"))
method, properties, body = next(channel.consume(inbox, inactivity_timeout=30))
print(method.routing_key, json.loads(body)["data"]["taxpayer"]["name"])
connection.close()
