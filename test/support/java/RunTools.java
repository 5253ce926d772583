import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.kafka.common.utils.Exit;

/**
 * Kafka's own command-line tools, one after the other in one JVM, as their shell scripts start each: a line of standard
 * input is the class of a tool and its arguments, parted by tabs. What a tool writes is followed by a line
 * "exit CODE", also where it ends without one.
 */
public class RunTools {
  private static class Ended extends RuntimeException {}

  /** The first one counts: some tools take their own end for a failure, and then end again. */
  private static Integer exitCode;

  public static void main(String[] args) throws Exception {
    Exit.setExitProcedure((code, message) -> {
      if (exitCode == null) exitCode = code;
      throw new Ended();
    });
    System.setErr(System.out);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split("\t");
      System.out.println("exit " + run(words[0], Arrays.copyOfRange(words, 1, words.length)));
      System.out.flush();
    }
    Runtime.getRuntime().halt(0);
  }

  private static int run(String tool, String[] arguments) throws Exception {
    exitCode = null;
    try {
      Class.forName(tool).getMethod("main", String[].class).invoke(null, (Object) arguments);
    } catch (java.lang.reflect.InvocationTargetException failure) {
      if (!(failure.getCause() instanceof Ended)) throw failure;
    }
    return exitCode == null ? 0 : exitCode;
  }
}
