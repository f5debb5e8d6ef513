import com.github.shyiko.mysql.binlog.BinaryLogFileReader;
import com.github.shyiko.mysql.binlog.event.*;
import com.github.shyiko.mysql.binlog.event.deserialization.EventDeserializer;
import com.github.shyiko.mysql.binlog.event.deserialization.EventDeserializer.CompatibilityMode;
import com.github.shyiko.mysql.binlog.event.deserialization.json.JsonBinary;
import java.io.ByteArrayInputStream;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;

/**
 * Decodes a binlog file from memory with the library that Debezium uses, round after round.
 * Arguments: file, rounds, `values` or `lean`. A line of JSON for each round.
 * Lean is what Debezium asks the library for: times as numbers, texts as bytes, JSON as it is.
 */
public class BinlogDecode {
  static long rows, checked;
  static final Map<Long, byte[]> types = new HashMap<>();

  public static void main(String[] arguments) throws Exception {
    byte[] file = Files.readAllBytes(Path.of(arguments[0]));
    boolean lean = arguments[2].equals("lean");
    var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
      rows = 0;
      long cpu = system.getProcessCpuTime(), start = System.nanoTime();
      round(file, lean);
      double ms = (System.nanoTime() - start) / 1e6;
      double cpuMs = (system.getProcessCpuTime() - cpu) / 1e6;
      System.out.printf(Locale.ROOT, "{\"rows\":%d,\"ms\":%.3f,\"cpuMs\":%.3f}%n", rows, ms, cpuMs);
    }
    if (checked == 42) System.out.println();
  }

  static void round(byte[] file, boolean lean) throws Exception {
    var deserializer = new EventDeserializer();
    if (lean) {
      deserializer.setCompatibilityMode(CompatibilityMode.DATE_AND_TIME_AS_LONG_MICRO, CompatibilityMode.CHAR_AND_BINARY_AS_BYTE_ARRAY);
    } else {
      deserializer.setCompatibilityMode(CompatibilityMode.DATE_AND_TIME_AS_LONG_MICRO);
    }
    var reader = new BinaryLogFileReader(new ByteArrayInputStream(file), deserializer);
    for (Event event; (event = reader.readEvent()) != null;) take(event, lean);
  }

  static void take(Event event, boolean lean) throws Exception {
    EventData data = event.getData();
    if (data instanceof TableMapEventData map) types.put(map.getTableId(), map.getColumnTypes());
    else if (data instanceof WriteRowsEventData write) {
      byte[] columns = types.get(write.getTableId());
      for (Serializable[] row : write.getRows()) take(row, columns, lean);
      rows += write.getRows().size();
    } else if (data instanceof UpdateRowsEventData update) {
      byte[] columns = types.get(update.getTableId());
      for (Map.Entry<Serializable[], Serializable[]> row : update.getRows()) {
        take(row.getKey(), columns, lean);
        take(row.getValue(), columns, lean);
      }
      rows += update.getRows().size();
    } else if (data instanceof DeleteRowsEventData delete) {
      byte[] columns = types.get(delete.getTableId());
      for (Serializable[] row : delete.getRows()) take(row, columns, lean);
      rows += delete.getRows().size();
    } else if (data instanceof TransactionPayloadEventData payload) {
      for (Event inner : payload.getUncompressedEvents()) take(inner, lean);
    }
  }

  /** What is still bytes becomes text: JSON (245) and texts, which the library leaves alone. */
  static void take(Serializable[] row, byte[] columns, boolean lean) throws Exception {
    for (int i = 0; i < row.length; i++) {
      Serializable value = row[i];
      if (value == null) continue;
      if (lean || !(value instanceof byte[] bytes)) checked += value.hashCode() & 1;
      else if (columns[i] == (byte) 245) checked += JsonBinary.parseAsString(bytes).length();
      else checked += new String(bytes, StandardCharsets.UTF_8).length();
    }
  }
}
