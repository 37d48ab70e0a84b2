package org.pgkeel.proxy.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/// Functions of `pg_catalog` whose names are harmless in every PostgreSQL from 15 to 18: what is known of a database that has
/// not been asked. The list is a resource, made by
/// [CatalogueQuery] on fresh databases of 15 and 18.
final class BuiltinFunctions {
    /// Labelled stable, yet they take a transaction id, which a standby refuses, or run SQL that is given to them as text, or read
    /// whatever relation a text names.
    private static final Set<String> WRITE_NEVERTHELESS = Set.of("txid_current", "pg_current_xact_id",
            "table_to_xml", "table_to_xmlschema", "table_to_xml_and_xmlschema", "query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema",
            "schema_to_xml", "schema_to_xmlschema", "schema_to_xml_and_xmlschema", "database_to_xml", "database_to_xmlschema",
            "database_to_xml_and_xmlschema", "cursor_to_xml", "cursor_to_xmlschema", "ts_rewrite", "ts_stat",
            "crosstab", "crosstab2", "crosstab3", "crosstab4", "connectby", "xpath_table");

    private static final Set<String> HARMLESS = Set.copyOf(read("harmless-functions.txt"));
    private static final Set<String> MAY_WRITE = Set.copyOf(read("volatile-functions.txt"));

    private BuiltinFunctions() {}

    static Set<String> harmless() {
        return HARMLESS;
    }

    static Set<String> mayWrite() {
        return MAY_WRITE;
    }

    static void removeThoseThatWrite(Set<String> harmless, Set<String> mayWrite) {
        for (String name : WRITE_NEVERTHELESS) {
            if (harmless.remove(name)) mayWrite.add(name);
        }
    }

    private static Set<String> read(String resource) {
        try (InputStream in = BuiltinFunctions.class.getResourceAsStream(resource)) {
            if (in == null) throw new IllegalStateException("missing resource " + resource);
            Set<String> names = new HashSet<>();
            new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("#")).forEach(names::add);
            return names;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
