package org.pgkeel.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The operators' folder `conf/` says what the loader does: every key, every default.
class ConfFolderTest {
    static final Path CONF = conf();
    private static final Pattern ROW = Pattern.compile("\\| `([a-zA-Z.-]+)` \\|.*?\\| ([^|]*) \\| (yes|no) \\| .+ \\|");

    @TempDir
    Path temporary = Path.of("");

    @Test
    void the_examples_load() {
        for (String name : List.of("proxy.conf", "proxy.minimal.conf")) {
            ConfigResult.Loaded loaded = ConfigFolder.fine(new ConfigLoader(Map.of()).load(CONF.resolve(name)));
            assertThat(loaded.warnings()).as(name).isEmpty();
        }
    }

    @Test
    void the_annotated_example_is_all_defaults() {
        ConfigResult.Loaded annotated = ConfigFolder.fine(new ConfigLoader(Map.of()).load(CONF.resolve("proxy.conf")));
        ConfigResult.Loaded minimal = ConfigFolder.fine(new ConfigLoader(Map.of()).load(CONF.resolve("proxy.minimal.conf")));

        assertThat(annotated.config()).isEqualTo(minimal.config());
    }

    @Test
    void the_annotated_example_names_every_key_with_its_default() throws IOException {
        EffectiveConfig all = everyKeySet();

        Set<String> named = all.entries().stream().filter(entry -> !entry.origin().equals(EffectiveConfig.DEFAULT_ORIGIN)).map(EffectiveConfig.Entry::kind)
                .collect(Collectors.toSet());
        assertThat(all.entries()).filteredOn(entry -> !named.contains(entry.kind())).as("keys that are not in the example").isEmpty();
        for (EffectiveConfig.Entry entry : all.entries()) {
            boolean example = entry.defaultValue().isEmpty() || entry.kind().startsWith("auth.rules") || entry.kind().startsWith("routing") || entry.kind().equals("coalesce.table") || entry.kind().startsWith("listen.tls")
                    || entry.kind().equals("clusters.NAME.nodes") || entry.kind().equals("clusters.NAME.patroni.members");
            if (!example) assertThat(entry.value()).as(entry.key()).isEqualTo(entry.defaultValue());
        }
    }

    @Test
    void the_table_has_every_key_with_its_default_and_whether_it_follows_a_reload() throws IOException {
        Map<String, String[]> rows = Files.readAllLines(CONF.resolve("README.md")).stream().map(ROW::matcher).filter(Matcher::matches)
                .collect(Collectors.toMap(row -> row.group(1), row -> new String[] {row.group(2), row.group(3)}));
        Map<String, EffectiveConfig.Entry> known = everyKeySet().entries().stream().collect(Collectors.toMap(EffectiveConfig.Entry::kind, entry -> entry, (first, _) -> first));

        assertThat(rows.keySet()).containsAll(known.keySet());
        assertThat(rows.keySet()).filteredOn(key -> !Set.of("auth.rules", "routing").contains(key)).as("keys that nobody knows").isSubsetOf(known.keySet());
        known.forEach((kind, entry) -> {
            String documented = rows.get(kind)[0];
            if (documented.startsWith("`")) assertThat(documented).as(kind).isEqualTo("`" + entry.defaultValue() + "`");
            if (documented.equals("none")) assertThat(entry.defaultValue()).as(kind).isEmpty();
            assertThat(rows.get(kind)[1]).as(kind).isEqualTo(entry.reloadable() ? "yes" : "no");
        });
    }

    /// The annotated example with every `#key` uncommented. The two ways to give a password exclude each other,
    /// and an order of rows needs one event loop, so it is read twice.
    private EffectiveConfig everyKeySet() throws IOException {
        String text = Files.readAllLines(CONF.resolve("proxy.conf")).stream().map(line -> line.matches("#[a-z{}\\]].*") ? line.substring(1) : line)
                .map(line -> line.replace("\"/var/run/postgresql\"", "\"" + temporary + "\"")).collect(Collectors.joining("\n"));
        ConfigFolder folder = new ConfigFolder(temporary);
        for (String name : List.of("server.crt", "server.key", "clients-ca.crt", "postgresql-ca.crt", "client.crt", "client.key", "app.secret",
                "patroni-ca.crt", "monitor.secret")) {
            folder.with(name, "x");
        }
        folder.with("users.txt", "\"pgkeel\" \"x\"\n");
        Map<String, String> environment = Map.of("PGPASSWORD_APP", "x", "PGPASSWORD_MONITOR", "x");
        EffectiveConfig withFile = ConfigFolder.fine(folder.load(text.replaceAll("\npassword = .*", ""), environment)).effective();
        EffectiveConfig direct = ConfigFolder.fine(folder.load(text.replaceAll("\npassword-file = .*", ""), environment)).effective();
        Map<String, EffectiveConfig.Entry> entries = withFile.entries().stream().collect(Collectors.toMap(EffectiveConfig.Entry::key, entry -> entry));
        direct.entries().stream().filter(entry -> entry.key().endsWith(".password")).forEach(entry -> entries.put(entry.key(), entry));
        return new EffectiveConfig(List.copyOf(entries.values()));
    }

    private static Path conf() {
        Path module = Path.of("").toAbsolutePath();
        return Files.isDirectory(module.resolve("conf")) ? module.resolve("conf") : module.resolveSibling("conf");
    }
}
