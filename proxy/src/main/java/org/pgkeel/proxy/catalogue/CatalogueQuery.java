package org.pgkeel.proxy.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// What is asked of a database for its [Catalogue]: about 2 700 rows of two columns, some 0.1 s of the server's time. Any role
/// may ask, on the primary or a replica; the session has to have `search_path = pg_catalog`, so that nobody's operators stand
/// in for the server's.
public final class CatalogueQuery {
    /// One row per name: the kind (see [Catalogue.Row]) and the name.
    public static final String SQL = read();

    private CatalogueQuery() {}

    private static String read() {
        try (InputStream in = CatalogueQuery.class.getResourceAsStream("catalogue.sql")) {
            if (in == null) throw new IllegalStateException("missing resource catalogue.sql");
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
