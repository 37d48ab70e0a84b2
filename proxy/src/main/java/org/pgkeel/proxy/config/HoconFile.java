package org.pgkeel.proxy.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigParseable;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigResolver;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.io.File;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The HOCON text as a tree: includes read, substitutions made. An include that is missing is a problem here, HOCON itself would skip it.
final class HoconFile {
    private static final Pattern SUBSTITUTION = Pattern.compile("\\$\\{\\??([^}]*)}");
    private static final Pattern NOISE = Pattern.compile("( \\(if you intended |\\. Trace: ).*", Pattern.DOTALL);
    /// Substitutions that may be missing in one file before we stop counting.
    private static final int UNRESOLVED_MAX = 1000;

    private HoconFile() {}

    /// @return the tree, or empty when there is none; then `reading` has the problem
    static Optional<ConfigObject> read(Path file, Map<String, String> environment, Reading reading) {
        if (Files.isDirectory(file)) return refuse(reading, file, "is a folder, a file is needed");
        if (!Files.exists(file)) return refuse(reading, file, "no such file");
        if (!Files.isReadable(file)) return refuse(reading, file, "not readable");
        try {
            ConfigParseOptions options = ConfigParseOptions.defaults().setAllowMissing(false).setSyntax(ConfigSyntax.CONF).setIncluder(new StrictIncluder(reading));
            return Optional.of(resolve(ConfigFactory.parseFile(file.toFile(), options), environment, reading).root());
        } catch (ConfigException e) {
            String origin = e.origin() == null ? file.toString() : reading.origin(e.origin());
            return refuse(reading, origin, clearMessage(e));
        } catch (StackOverflowError e) {
            return refuse(reading, file, "nested too deeply");
        }
    }

    private static Config resolve(Config config, Map<String, String> environment, Reading reading) {
        Set<String> missing = new HashSet<>();
        ConfigResolveOptions options = ConfigResolveOptions.noSystem().appendResolver(new Environment(environment, missing));
        while (true) {
            try {
                return config.resolve(options);
            } catch (ConfigException.UnresolvedSubstitution e) {
                Matcher expression = SUBSTITUTION.matcher(String.valueOf(e.getMessage()));
                boolean circle = String.valueOf(e.getMessage()).contains("cycle of substitutions");
                if (circle || !expression.find() || missing.size() >= UNRESOLVED_MAX || !missing.add(expression.group(1))) throw e;
                reading.problem("${" + expression.group(1) + "}", reading.origin(e.origin()), "neither a key of the file nor an environment variable has this name");
            }
        }
    }

    /// The library's messages begin with the origin, which we print ourselves, and end with guesses and traces.
    private static String clearMessage(ConfigException e) {
        String message = String.valueOf(e.getMessage());
        String prefix = e.origin() == null ? "" : e.origin().description() + ": ";
        return NOISE.matcher(message.startsWith(prefix) ? message.substring(prefix.length()) : message).replaceFirst("");
    }

    private static Optional<ConfigObject> refuse(Reading reading, Object origin, String message) {
        reading.problem("", origin.toString(), message);
        return Optional.empty();
    }

    /// Environment variables for `${NAME}`, and a mark for those that were found missing before.
    private record Environment(Map<String, String> variables, Set<String> missing) implements ConfigResolver {
        @Override
        public @Nullable ConfigValue lookup(String path) {
            String value = variables.get(path);
            if (value != null) return ConfigValueFactory.fromAnyRef(value, "environment variable " + path);
            return missing.contains(path) ? ConfigValueFactory.fromAnyRef("", Reading.UNRESOLVED) : null;
        }

        @Override
        public ConfigResolver withFallback(ConfigResolver fallback) {
            return this;
        }
    }

    /// Includes files beside the including one, and only them: nothing comes from the network or out of the jar.
    private record StrictIncluder(Reading reading) implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
        @Override
        public ConfigIncluder withFallback(ConfigIncluder other) {
            return this;
        }

        @Override
        public ConfigObject include(ConfigIncludeContext context, String what) {
            ConfigParseable included = context.relativeTo(what);
            String filename = included == null ? null : included.origin().filename();
            if (filename == null || !Files.isReadable(Path.of(filename))) throw new ConfigException.Generic("include \"" + what + "\": no such file, or not readable");
            reading.reads(Path.of(filename));
            return included.parse(context.parseOptions().setAllowMissing(false).setSyntax(ConfigSyntax.CONF));
        }

        @Override
        public ConfigObject includeFile(ConfigIncludeContext context, File what) {
            return include(context, what.getPath());
        }

        @Override
        public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
            throw new ConfigException.Generic("include url(...): only files can be included");
        }

        @Override
        public ConfigObject includeResources(ConfigIncludeContext context, String what) {
            throw new ConfigException.Generic("include classpath(...): only files can be included");
        }
    }
}
