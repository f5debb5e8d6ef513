import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

/**
 * What the index of Elasticsearch's security, which has the API keys, wants for the addresses of
 * users, made of Lucene's own classes: the module that brings it (analysis-common) is in no public
 * package.
 */
public final class SecurityAnalysis extends Plugin implements AnalysisPlugin {
  @Override
  public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
    return Map.of(
        "pattern_capture",
        (index, environment, name, settings) -> new Captured(name, settings),
        "unique",
        (index, environment, name, settings) -> new Unique(name));
  }

  @Override
  public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
    return Map.of(
        "uax_url_email",
        (index, environment, name, settings) ->
            TokenizerFactory.newFactory(name, UAX29URLEmailTokenizer::new));
  }

  private record Captured(String name, Settings settings) implements TokenFilterFactory {
    @Override
    public TokenStream create(TokenStream stream) {
      List<String> patterns = settings.getAsList("patterns");
      boolean preserve = settings.getAsBoolean("preserve_original", true);
      Pattern[] compiled = patterns.stream().map(Pattern::compile).toArray(Pattern[]::new);
      return new PatternCaptureGroupTokenFilter(stream, preserve, compiled);
    }
  }

  private record Unique(String name) implements TokenFilterFactory {
    @Override
    public TokenStream create(TokenStream stream) {
      return new RemoveDuplicatesTokenFilter(stream);
    }
  }
}
