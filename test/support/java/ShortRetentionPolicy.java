import java.util.Map;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.server.policy.CreateTopicPolicy;

/** What a company may forbid: a topic that keeps its records for ever, and one of a team with many partitions. */
public class ShortRetentionPolicy implements CreateTopicPolicy {
  @Override
  public void configure(Map<String, ?> settings) {}

  @Override
  public void close() {}

  @Override
  public void validate(RequestMetadata request) {
    String retentionMs = request.configs().get("retention.ms");
    if (retentionMs != null && Long.parseLong(retentionMs) < 0) {
      throw new PolicyViolationException("nothing is kept for ever here");
    }
    if (request.topic().startsWith("team-") && request.numPartitions() != null && request.numPartitions() > 3) {
      throw new PolicyViolationException("a team has 3 partitions");
    }
  }
}
