import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.*;
import java.io.File;
import java.util.*;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.header.*;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.SimpleHeaderConverter;
import org.apache.kafka.connect.transforms.Transformation;

/**
 * Records what Kafka Connect and Debezium make of the cases in a file:
 *   java -cp <jars of Connect and of the Debezium plugin> TransformRecorder.java cases.json recorded.json
 */
public class TransformRecorder {
    static final ObjectMapper JSON = new ObjectMapper();
    static final JsonConverter WITH_SCHEMAS = new JsonConverter();
    static final SimpleHeaderConverter HEADERS = new SimpleHeaderConverter();

    public static void main(String[] args) throws Exception {
        WITH_SCHEMAS.configure(Map.of("schemas.enable", "true", "replace.null.with.default", "false"), false);
        HEADERS.configure(Map.of());
        JsonNode root = JSON.readTree(new File(args[0]));
        ArrayNode out = JSON.createArrayNode();
        for (JsonNode oneCase : root.get("cases")) out.add(run(oneCase, root.get("samples")));
        ObjectNode result = JSON.createObjectNode();
        result.set("samples", root.get("samples"));
        result.set("cases", out);
        JSON.writerWithDefaultPrettyPrinter().writeValue(new File(args[1]), result);
    }

    @SuppressWarnings("unchecked")
    static ObjectNode run(JsonNode oneCase, JsonNode samples) throws Exception {
        ObjectNode done = oneCase.deepCopy();
        ArrayNode out = done.putArray("out");
        Map<String, String> properties = new HashMap<>();
        oneCase.get("properties").fields().forEachRemaining(e -> properties.put(e.getKey(), e.getValue().asText()));
        Transformation<SourceRecord> transform;
        try {
            transform = (Transformation<SourceRecord>) Class.forName(oneCase.get("type").asText()).getDeclaredConstructor().newInstance();
            transform.configure(properties);
        } catch (Throwable e) {
            done.put("refused", String.valueOf(e.getMessage()));
            return done;
        }
        for (JsonNode name : oneCase.get("in")) {
            JsonNode sample = samples.get(name.asText());
            try {
                SourceRecord record = transform.apply(read(sample));
                out.add(record == null ? NullNode.getInstance() : write(record));
            } catch (Throwable e) {
                out.add(JSON.createObjectNode().put("error", String.valueOf(e.getMessage())));
            }
        }
        transform.close();
        return done;
    }

    static SchemaAndValue data(JsonNode node) throws Exception {
        if (node == null || node.isNull()) return SchemaAndValue.NULL;
        return WITH_SCHEMAS.toConnectData("t", JSON.writeValueAsBytes(node));
    }

    /** Debezium's bytes are buffers, but for geometries. */
    static SchemaAndValue buffered(SchemaAndValue data) {
        return new SchemaAndValue(data.schema(), buffered(data.schema(), data.value()));
    }

    static Object buffered(Schema schema, Object value) {
        if (value instanceof byte[] && schema.name() == null) return java.nio.ByteBuffer.wrap((byte[]) value);
        if (value instanceof Struct && !String.valueOf(schema.name()).endsWith("Geometry")) {
            Struct struct = (Struct) value;
            for (Field field : struct.schema().fields()) struct.put(field, buffered(field.schema(), struct.getWithoutDefault(field.name())));
        }
        return value;
    }

    static SourceRecord read(JsonNode sample) throws Exception {
        SchemaAndValue key = data(sample.get("key"));
        SchemaAndValue value = buffered(data(sample.get("value")));
        Headers headers = new ConnectHeaders();
        if (sample.has("headers")) for (JsonNode header : sample.get("headers")) {
            SchemaAndValue one = data(header.get("data"));
            headers.add(header.get("name").asText(), one.value(), one.schema());
        }
        Map<String, Object> offset = new HashMap<>();
        for (int i = 0; i < 7; i++) offset.put("o" + i, i);
        Long time = sample.has("timestamp") ? sample.get("timestamp").asLong() : null;
        return new SourceRecord(Map.of("server", "p"), offset, sample.get("topic").asText(), null,
            key.schema(), key.value(), value.schema(), value.value(), time, headers);
    }

    static JsonNode json(Schema schema, Object value) throws Exception {
        byte[] bytes = WITH_SCHEMAS.fromConnectData("t", schema, value);
        return bytes == null ? NullNode.getInstance() : JSON.readTree(bytes);
    }

    static ObjectNode write(SourceRecord record) throws Exception {
        ObjectNode node = JSON.createObjectNode();
        node.put("topic", record.topic());
        if (record.kafkaPartition() != null) node.put("partition", record.kafkaPartition());
        if (record.timestamp() != null) node.put("timestamp", record.timestamp());
        node.set("key", json(record.keySchema(), record.key()));
        node.set("value", json(record.valueSchema(), record.value()));
        ArrayNode headers = node.putArray("headers");
        for (Header header : record.headers()) {
            byte[] text = HEADERS.fromConnectHeader("t", header.key(), header.schema(), header.value());
            ObjectNode one = headers.addObject().put("name", header.key());
            one.put("text", text == null ? null : new String(text, "UTF-8"));
            one.set("data", json(header.schema(), header.value()));
        }
        return node;
    }
}
