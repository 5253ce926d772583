import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Two members of one group, each a consumer of the newer protocol: the second joins when the first has read something, and
 * the first leaves when the second has. Prints each value once for each time that it was read, and commits what it printed.
 * Arguments: bootstrap address, group, topic, how many values there are.
 */
public class ConsumeAsGroup {
  public static void main(String[] args) {
    int count = Integer.parseInt(args[3]);
    Set<String> seen = new HashSet<>();
    KafkaConsumer<String, String> first = open(args[0], args[1]);
    first.subscribe(List.of(args[2]));
    while (seen.isEmpty()) take(first, seen);
    KafkaConsumer<String, String> second = open(args[0], args[1]);
    second.subscribe(new SubscriptionPattern(args[2]));
    int ofSecond = 0;
    while (ofSecond == 0) {
      // What it reads must not end before the second joins; it gives back its half only while it polls.
      first.pause(first.assignment());
      first.poll(Duration.ofMillis(50));
      ofSecond = take(second, seen);
      requireTime();
    }
    first.close();
    while (seen.size() < count) {
      take(second, seen);
      requireTime();
    }
    second.close();
  }

  private static final long DEADLINE_NANOS = System.nanoTime() + 90_000_000_000L;

  private static void requireTime() {
    if (System.nanoTime() > DEADLINE_NANOS) throw new IllegalStateException("the group has not read all in 90 s");
  }

  private static int take(KafkaConsumer<String, String> consumer, Set<String> seen) {
    int taken = 0;
    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
      System.out.println(record.value());
      seen.add(record.value());
      taken += 1;
    }
    if (taken > 0) consumer.commitSync();
    return taken;
  }

  private static KafkaConsumer<String, String> open(String bootstrap, String group) {
    Properties properties = new Properties();
    properties.putAll(
        Map.of(
            "bootstrap.servers", bootstrap,
            "group.id", group,
            "group.protocol", "consumer",
            "auto.offset.reset", "earliest",
            "enable.auto.commit", "false",
            "max.poll.records", "50"));
    return new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer());
  }
}
