package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.catalogue.CatalogueQuery;
import org.pgkeel.proxy.relay.Aside;

/// Asks a backend that nobody uses what the names in its database stand for, so that reads can be told from writes.
///
/// Threading: confined to the connection's event loop.
final class CatalogueQuestion implements Aside {
    /// Nobody's operators and functions are to stand in for the server's.
    static final String SQL = "begin; set local search_path = pg_catalog; " + CatalogueQuery.SQL.strip().replaceAll(";$", "") + "; commit";

    private final DatabasePool pool;
    private final List<Catalogue.Row> rows = new ArrayList<>();
    private boolean broken;

    CatalogueQuestion(DatabasePool pool) {
        this.pool = pool;
    }

    @Override
    public void dataRow(ByteBuf in, int from, int bytes) {
        int end = from + bytes;
        int kindBytes = bytes < 10 ? -1 : in.getInt(from + 2);
        int nameAt = from + 6 + kindBytes;
        int nameBytes = kindBytes != 1 || nameAt + 4 > end ? -1 : in.getInt(nameAt);
        if (nameBytes < 0 || nameBytes > end - nameAt - 4) broken = true;
        else rows.add(new Catalogue.Row((char) in.getByte(from + 6), in.toString(nameAt + 4, nameBytes, StandardCharsets.UTF_8)));
    }

    @Override
    public void error(byte[] errorBody) {
        broken = true;
    }

    @Override
    public void done(byte status) {
        if (broken) {
            pool.catalogueFailed(System.nanoTime());
            return;
        }
        try {
            pool.catalogueAnswered(Catalogue.of(rows));
        } catch (IllegalArgumentException unreadable) {
            pool.catalogueFailed(System.nanoTime());
        }
    }
}
