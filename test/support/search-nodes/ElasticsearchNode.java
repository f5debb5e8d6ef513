import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.KeyStoreWrapper;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginBundle;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * Elasticsearch as one process: its own start script puts a second Java around the server, which a
 * kill of the first leaves running. Arguments: the home folder, then name=value; a name that begins
 * with secure: is a setting of the keystore.
 */
final class ElasticsearchNode {
  private ElasticsearchNode() {}

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]);
    Path config = Files.createDirectories(home.resolve("config"));
    System.setProperty("es.path.home", home.toString());
    System.setProperty("es.path.conf", config.toString());
    System.setProperty("es.logs.base_path", home.resolve("logs").toString());
    LogConfigurator.configureESLogging();
    Settings settings = settings(home, arguments);
    LogConfigurator.configureWithoutConfig(settings);
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), config, () -> "node");
    // Modules of the server's own open packages to those of Java; from the class path there are none.
    boolean named = PluginsLoader.class.getModule().isNamed();
    Set<PluginBundle> bundles = modulesIn(home.resolve("modules"));
    PluginsLoader modules =
        PluginsLoader.createPluginsLoader(bundles, Set.of(), Map.of(), named);
    Node node = new Node(environment, modules);
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node, closed)));
    node.start();
    closed.await();
  }

  private static Settings settings(Path home, String[] arguments) throws Exception {
    Settings.Builder builder = Settings.builder().put("path.home", home.toString());
    KeyStoreWrapper keystore = KeyStoreWrapper.create();
    for (int i = 1; i < arguments.length; i++) {
      int equals = arguments[i].indexOf('=');
      String name = arguments[i].substring(0, equals);
      String value = arguments[i].substring(equals + 1);
      if (name.startsWith("secure:")) {
        keystore.setString(name.substring("secure:".length()), value.toCharArray());
      } else {
        builder.put(name, value);
      }
    }
    return builder.setSecureSettings(keystore).build();
  }

  /** Version 9 asks whether the modules may be stable plugins; 8 does not. */
  @SuppressWarnings("unchecked")
  private static Set<PluginBundle> modulesIn(Path folder) throws ReflectiveOperationException {
    try {
      for (Method method : PluginsLoader.class.getMethods()) {
        if (!method.getName().equals("loadModulesBundles")) continue;
        Object found =
            method.getParameterCount() == 1
                ? method.invoke(null, folder)
                : method.invoke(null, folder, false);
        return (Set<PluginBundle>) found;
      }
    } catch (InvocationTargetException failure) {
      throw new IllegalStateException(failure.getCause());
    }
    throw new IllegalStateException("this Elasticsearch has no PluginsLoader.loadModulesBundles");
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
}
