import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Kafka's own producer, told by lines of its standard input what to send to the topic of its arguments:
 *
 *   producer NAME CODEC TRANSACTIONAL_ID|-     begin NAME     commit NAME     abort NAME     flush NAME
 *   send NAME PARTITION FIRST_ID COUNT BYTES   messages of ids from FIRST_ID on, each with a key and a header
 *   tombstones NAME PARTITION COUNT            records with a key and a null value
 *   pause MILLISECONDS                         so that the log begins a new segment after segment.ms
 *   halt                                       ends the process at once: what is open stays open
 */
public class SendRecords {
  private static final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();

  public static void main(String[] args) throws Exception {
    String bootstrap = args[0];
    String topic = args[1];
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.trim().split(" ");
      switch (words[0]) {
        case "producer" -> producers.put(words[1], open(bootstrap, words[2], words[3]));
        case "begin" -> producers.get(words[1]).beginTransaction();
        case "commit" -> producers.get(words[1]).commitTransaction();
        case "abort" -> producers.get(words[1]).abortTransaction();
        case "flush" -> producers.get(words[1]).flush();
        case "send" -> send(topic, words);
        case "tombstones" -> sendTombstones(topic, words);
        case "pause" -> Thread.sleep(Long.parseLong(words[1]));
        case "halt" -> Runtime.getRuntime().halt(0);
        default -> throw new IllegalArgumentException(line);
      }
    }
    producers.values().forEach(KafkaProducer::close);
  }

  private static KafkaProducer<byte[], byte[]> open(String bootstrap, String codec, String transactionalId) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put("compression.type", codec);
    properties.put("max.request.size", "20000000");
    properties.put("buffer.memory", "64000000");
    if (!transactionalId.equals("-")) properties.put("transactional.id", transactionalId);
    var producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    if (!transactionalId.equals("-")) producer.initTransactions();
    return producer;
  }

  private static void send(String topic, String[] words) {
    int partition = Integer.parseInt(words[2]);
    long firstId = Long.parseLong(words[3]);
    int bytes = Integer.parseInt(words[5]);
    for (long id = firstId; id < firstId + Long.parseLong(words[4]); id += 1) {
      String head = String.format("{\"id\":\"%012d\",\"ts\":\"%016d\",\"p\":\"sample-data-", id, id);
      String value = head + "x".repeat(Math.max(0, bytes - head.length() - 2)) + "\"}";
      var record = new ProducerRecord<>(topic, partition, utf8("key-" + id), utf8(value));
      record.headers().add("origin", utf8("SendRecords"));
      producers.get(words[1]).send(record);
    }
    producers.get(words[1]).flush();
  }

  private static void sendTombstones(String topic, String[] words) {
    for (int i = 0; i < Integer.parseInt(words[3]); i += 1) {
      byte[] none = null;
      producers.get(words[1]).send(new ProducerRecord<>(topic, Integer.parseInt(words[2]), utf8("gone-" + i), none));
    }
    producers.get(words[1]).flush();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
