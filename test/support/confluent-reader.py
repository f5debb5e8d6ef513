"""Reads a topic to its end with Confluent's client, one JSON object a line.

Arguments: bootstrap servers, topic, what keys and values are (json, avro, jsonschema), and the URL
of the registry that has their schemas.
"""

import base64
import json
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext


def plain(value):
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def main(servers, topic, form, registry):
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "confluent-reader",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
        }
    )
    if form == "json":
        read = lambda data, field: None if data is None else json.loads(data)
    else:
        client = SchemaRegistryClient({"url": registry})
        if form == "avro":
            decode = AvroDeserializer(client)
        else:
            decode = JSONDeserializer(None, schema_registry_client=client)
        read = lambda data, field: decode(data, SerializationContext(topic, field))
    partitions = sorted(consumer.list_topics(topic, timeout=20).topics[topic].partitions)
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions])
    left = set(partitions)
    while left:
        message = consumer.poll(20)
        if message is None:
            raise SystemExit(f"nothing for 20 s from partitions {sorted(left)} of {topic}")
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise SystemExit(str(message.error()))
            left.discard(message.partition())
            continue
        record = {
            "partition": message.partition(),
            "offset": message.offset(),
            "key": read(message.key(), MessageField.KEY),
            "value": read(message.value(), MessageField.VALUE),
            "headers": [[name, plain(data)] for name, data in message.headers() or []],
        }
        print(json.dumps(record, default=plain))
    consumer.close()


main(*sys.argv[1:5])
