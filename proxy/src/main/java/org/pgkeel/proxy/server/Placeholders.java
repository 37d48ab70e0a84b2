package org.pgkeel.proxy.server;

/// A query with PostgreSQL's `$1`, as JDBC wants it: with `?`, and its own question marks doubled.
///
/// @param count how often `$1` stands in it
record Placeholders(String sql, int count) {

    static Placeholders of(String query) {
        var sql = new StringBuilder();
        int count = 0;
        boolean quoted = false;
        for (int i = 0; i < query.length(); i++) {
            char c = query.charAt(i);
            if (c == '\'') quoted = !quoted;
            boolean parameter = !quoted && query.startsWith("$1", i) && (i + 2 == query.length() || !Character.isDigit(query.charAt(i + 2)));
            if (parameter) {
                sql.append('?');
                count++;
                i++;
            } else {
                sql.append(c == '?' && !quoted ? "??" : String.valueOf(c));
            }
        }
        return new Placeholders(sql.toString(), count);
    }
}
