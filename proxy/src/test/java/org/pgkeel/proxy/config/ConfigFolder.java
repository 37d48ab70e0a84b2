package org.pgkeel.proxy.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// A folder with a `proxy.conf` for one test.
record ConfigFolder(Path folder) {
    static final String MINIMAL = """
            clusters { main { nodes = ["db1:5432"] } }
            databases { "*" {} }
            auth { method = trust }
            """;

    ConfigFolder with(String name, String text) {
        try {
            Files.writeString(folder.resolve(name), text);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ConfigResult load(String text) {
        return load(text, Map.of());
    }

    ConfigResult load(String text, Map<String, String> environment) {
        return new ConfigLoader(environment).load(with("proxy.conf", text).folder().resolve("proxy.conf"));
    }

    ProxyConfig loaded(String text) {
        return fine(load(text)).config();
    }

    List<String> problems(String text) {
        return switch (load(text)) {
            case ConfigResult.Rejected(var problems, _) -> problems.stream().map(this::shortened).toList();
            case ConfigResult.Loaded _ -> List.of();
        };
    }

    List<String> warnings(String text) {
        return load(text).warnings().stream().map(this::shortened).toList();
    }

    String shortened(ConfigProblem problem) {
        return problem.toString().replace(folder + "/", "");
    }

    static ConfigResult.Loaded fine(ConfigResult result) {
        return switch (result) {
            case ConfigResult.Loaded loaded -> loaded;
            case ConfigResult.Rejected(var problems, _) -> throw new AssertionError("rejected: " + problems);
        };
    }
}
