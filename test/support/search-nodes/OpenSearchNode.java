import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.codelibs.opensearch.runner.OpenSearchRunner;
import org.codelibs.opensearch.runner.node.OpenSearchRunnerNode;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;

/**
 * OpenSearch with its modules as one process. Of the package it comes in only the list of modules
 * and the node are used: its own start takes no port above 9299 and hides what fails. Arguments: the
 * home folder, then name=value; the value of plugin is a class on the class path.
 */
final class OpenSearchNode {
  private OpenSearchNode() {}

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]);
    Path config = Files.createDirectories(home.resolve("config"));
    Settings.Builder builder = Settings.builder().put("path.home", home.toString());
    List<Class<? extends Plugin>> plugins = Runner.modules();
    for (int i = 1; i < arguments.length; i++) {
      int equals = arguments[i].indexOf('=');
      String name = arguments[i].substring(0, equals);
      String value = arguments[i].substring(equals + 1);
      if (name.equals("plugin")) {
        plugins.add(Class.forName(value).asSubclass(Plugin.class));
      } else {
        builder.put(name, value);
      }
    }
    Settings settings = builder.build();
    LogConfigurator.setNodeName(settings.get("node.name"));
    LogConfigurator.configureWithoutConfig(settings);
    Environment environment = new Environment(settings, config);
    Node node = new OpenSearchRunnerNode(environment, plugins);
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node, closed)));
    node.start();
    closed.await();
  }

  private static void close(Node node, CountDownLatch closed) {
    try {
      node.close();
    } catch (Exception failure) {
      failure.printStackTrace();
    } finally {
      closed.countDown();
    }
  }

  private static final class Runner extends OpenSearchRunner {
    /** The list is for several versions: not all that it names are in each. */
    static List<Class<? extends Plugin>> modules() {
      List<Class<? extends Plugin>> found = new ArrayList<>();
      for (String name : MODULE_TYPES) {
        try {
          found.add(Class.forName(name).asSubclass(Plugin.class));
        } catch (ClassNotFoundException absent) {
          System.out.println("without " + name);
        }
      }
      return found;
    }
  }
}
