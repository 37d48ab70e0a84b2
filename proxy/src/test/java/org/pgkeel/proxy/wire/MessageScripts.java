package org.pgkeel.proxy.wire;

import static org.pgkeel.proxy.wire.Dialogue.bind;
import static org.pgkeel.proxy.wire.Dialogue.bindBinary;
import static org.pgkeel.proxy.wire.Dialogue.call;
import static org.pgkeel.proxy.wire.Dialogue.close;
import static org.pgkeel.proxy.wire.Dialogue.closePortal;
import static org.pgkeel.proxy.wire.Dialogue.describe;
import static org.pgkeel.proxy.wire.Dialogue.describePortal;
import static org.pgkeel.proxy.wire.Dialogue.execute;
import static org.pgkeel.proxy.wire.Dialogue.flush;
import static org.pgkeel.proxy.wire.Dialogue.parse;
import static org.pgkeel.proxy.wire.Dialogue.query;
import static org.pgkeel.proxy.wire.Dialogue.sync;

import java.io.IOException;
import java.util.SequencedMap;
import org.pgkeel.protocol.backend.BindComplete;
import org.pgkeel.protocol.backend.CloseComplete;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.ParseComplete;
import org.pgkeel.protocol.backend.PortalSuspended;
import org.pgkeel.protocol.backend.RowDescription;

/// The messages of both protocols in any order: one statement, many, none, errors anywhere, several Syncs, portals, function calls.
final class MessageScripts {
    private MessageScripts() {}

    static void addTo(SequencedMap<String, Dialogue.Script> scripts) {
        scripts.put("simple queries", MessageScripts::simpleQueries);
        scripts.put("empty queries", MessageScripts::emptyQueries);
        scripts.put("many statements in a query", MessageScripts::manyStatements);
        scripts.put("describe and execute", MessageScripts::describeAndExecute);
        scripts.put("row limits", MessageScripts::rowLimits);
        scripts.put("flush without sync", MessageScripts::flushWithoutSync);
        scripts.put("several syncs in flight", MessageScripts::severalSyncs);
        scripts.put("an error at every place", MessageScripts::errorAtEveryPlace);
        scripts.put("named portals", MessageScripts::namedPortals);
        scripts.put("function calls", MessageScripts::functionCalls);
        scripts.put("large rows", MessageScripts::largeRows);
        scripts.put("a query within an open batch", MessageScripts::queryInOpenBatch);
    }

    private static void simpleQueries(Dialogue d) throws IOException {
        d.ask("select * from t order by a");
        d.ask("select 1/0");
        d.ask("selec 1");
        d.ask("begin");
        d.ask("insert into t values (10, 'ten') returning a, b");
        d.ask("select 1/0");
        d.ask("select 1");
        d.ask("commit");
        d.ask("select count(*) from t");
        d.ask("begin; update t set b = 'x' where a = 1; rollback");
        d.ask("select b from t where a = 1");
        d.send(query("select 1"), query("select 2/0"), query("select 3")).ready(3);
        d.send(query("begin"), query("select 2"), query("commit"), query("select 4")).ready(4);
    }

    private static void emptyQueries(Dialogue d) throws IOException {
        d.ask("");
        d.ask(";");
        d.ask(" ; ; select 1;;");
        d.ask("-- nothing");
        d.ask("/* nothing */");
        d.send(parse("", ""), bind("", ""), describePortal(""), execute(""), sync()).ready();
        d.send(parse("e", ";"), describe("e"), bind("", "e"), execute(""), sync()).ready();
        d.send(parse("", ""), bind("", ""), execute(""), sync(), parse("", ""), bind("", ""), execute(""), sync()).ready(2);
    }

    private static void manyStatements(Dialogue d) throws IOException {
        d.ask("select 1; select 'two'; select 1/0; select 4");
        d.ask("insert into t values (20, 'a'); insert into t values (21, 'b'); select 1/0");
        d.ask("select count(*) from t");
        d.ask("insert into t values (20, 'a'); commit; select 1/0");
        d.ask("begin; select 1; savepoint s; select 1/0");
        d.ask("rollback to s; select 5; commit");
        d.ask("select count(*) from t");
        d.ask("set work_mem = '5MB'; select current_setting('work_mem'); select 1/0");
        d.ask("show work_mem");
        d.ask("set work_mem = '6MB'; commit; select 1/0");
        d.ask("show work_mem");
        d.ask("reset work_mem; show work_mem");
        d.ask("prepare m as select 7; execute m; deallocate m; execute m");
        d.ask("select 1");
    }

    private static void describeAndExecute(Dialogue d) throws IOException {
        for (int i = 0; i < 3; i++) {
            d.send(parse("", "select a, b from t where a < $1 order by a"), describe(""), bind("", "", "3"), describePortal(""), execute(""), sync()).ready();
            d.send(parse("", "insert into t values ($1, $2)", Scripts.INT4, Scripts.TEXT), describe(""), bind("", "", "" + (30 + i), "x"), execute(""), sync()).ready();
            d.send(parse("", "select a from t order by a"), bindBinary("", ""), describePortal(""), sync()).ready();
        }
        d.send(parse("s", "select b from t where a = $1"), sync()).ready();
        d.send(describe("s"), sync()).ready();
        d.send(bind("", "s", "1"), execute(""), bind("", "s", "2"), execute(""), bind("", "s", "99"), execute(""), sync()).ready();
        d.send(describePortal("nosuch"), sync()).ready();
        d.send(execute("nosuch"), sync()).ready();
        d.send(sync()).ready();
        d.send(sync(), sync(), sync()).ready(3);
        d.send(bind("", "s"), execute(""), sync()).ready();
        d.send(bind("", "s", "one"), execute(""), sync()).ready();
        d.send(closePortal(""), closePortal("nosuch"), close("nosuch"), close("s"), sync()).ready();
        d.send(bind("", "s", "1"), execute(""), sync()).ready();
    }

    private static void rowLimits(Dialogue d) throws IOException {
        d.send(parse("", "select a from t order by a"), bind("", ""), execute("", 2), execute("", 2), execute("", 2), execute(""), sync()).ready();
        d.send(parse("r", "select a from t order by a"), bind("p", "r"), execute("p", 2), sync()).ready();
        d.send(execute("p", 2), sync()).ready();
        d.ask("begin");
        d.send(bind("p", "r"), execute("p", 2), sync()).ready();
        d.send(execute("p", 2), sync()).ready();
        d.send(execute("p", 2), sync()).ready();
        d.send(execute("p", 2), sync()).ready();
        d.ask("commit");
        d.send(execute("p", 2), sync()).ready();
        d.send(close("r"), sync()).ready();
    }

    private static void flushWithoutSync(Dialogue d) throws IOException {
        for (int i = 0; i < 3; i++) {
            d.send(parse("f" + i, "select b from t where a = $1"), flush()).until(ParseComplete.class);
            d.send(describe("f" + i), flush()).until(RowDescription.class);
            d.send(bind("", "f" + i, "1"), flush()).until(BindComplete.class);
            d.send(execute("", 0), flush()).until(CommandComplete.class);
            d.send(parse("", "select a from t order by a"), bind("", ""), execute("", 1), flush()).until(PortalSuspended.class);
            d.send(execute("", 1), flush()).until(PortalSuspended.class);
            d.send(close("f" + i), flush()).until(CloseComplete.class);
            d.send(parse("", "select 1/0"), bind("", ""), execute(""), flush()).until(ErrorResponse.class);
            d.send(bind("", ""), execute(""), flush(), query("select 'skipped'"), sync()).ready();
        }
        d.send(flush(), flush(), sync()).ready();
    }

    private static void severalSyncs(Dialogue d) throws IOException {
        d.send(parse("", "select 1"), bind("", ""), execute(""), sync(), parse("", "select 2/0"), bind("", ""), execute(""), sync(),
                parse("", "select 3"), bind("", ""), execute(""), sync()).ready(3);
        d.send(parse("m", "insert into t values ($1, 'm')"), sync(), bind("", "m", "40"), execute(""), sync(), bind("", "m", "x"), execute(""), sync(),
                bind("", "m", "41"), execute(""), sync(), close("m"), sync()).ready(5);
        d.send(query("begin"), parse("", "select 1/0"), bind("", ""), execute(""), sync(), query("select 1"), query("rollback")).ready(4);
        d.send(parse("", "select 1"), bind("", ""), execute(""), sync(), query("select 2"), parse("", "select 3"), bind("", ""), execute(""), sync(), query("selec")).ready(4);
        d.send(parse("", "select 1"), sync(), parse("", "select 1"), sync(), parse("", "select 1"), sync(), describe(""), sync()).ready(4);
        d.ask("select count(*) from t");
    }

    private static void errorAtEveryPlace(Dialogue d) throws IOException {
        d.send(parse("", "selec"), bind("", ""), describePortal(""), execute(""), sync()).ready();
        d.send(parse("", "selec"), describe(""), bind("", ""), execute(""), sync()).ready();
        d.send(parse("", "select $1::int"), bind("", "", "x"), describePortal(""), execute(""), sync()).ready();
        d.send(parse("", "select 1/$1::int"), bind("", "", "0"), execute(""), parse("", "select 2"), bind("", ""), execute(""), sync()).ready();
        d.send(parse("", "select 1"), bind("", ""), execute(""), execute(""), execute("none"), parse("", "select 2"), sync()).ready();
        d.send(bind("", "", "1"), sync()).ready();
        for (int i = 0; i < 2; i++) {
            d.send(parse("", "insert into t values (50, 'gone')"), bind("", ""), execute(""), parse("", "select 1/0"), bind("", ""), execute(""), sync()).ready();
        }
        d.ask("select count(*) from t where a = 50");
        d.send(parse("", "insert into t values (51, 'kept')"), bind("", ""), execute(""), sync(), parse("", "select 1/0"), bind("", ""), execute(""), sync()).ready(2);
        d.ask("select count(*) from t where a = 51");
        d.send(query("selec"), parse("", "select 1"), bind("", ""), execute(""), sync(), query("selec"), query("select 5")).ready(4);
    }

    private static void namedPortals(Dialogue d) throws IOException {
        d.ask("begin");
        d.send(parse("q", "select a from t where a >= $1 order by a"), bind("p1", "q", "1"), bind("p2", "q", "3"), sync()).ready();
        d.send(execute("p1", 1), execute("p2", 1), execute("p1", 1), describePortal("p2"), sync()).ready();
        d.send(bind("p1", "q", "2"), sync()).ready();
        d.ask("rollback");
        d.ask("begin");
        d.send(bind("p1", "q", "1"), execute("p1", 1), close("q"), execute("p1", 1), closePortal("p1"), execute("p1", 1), sync()).ready();
        d.ask("rollback");
        d.send(bind("p1", "q", "1"), sync()).ready();
    }

    private static void functionCalls(Dialogue d) throws IOException {
        d.send(call(Scripts.FUNCTION_INT4PL, "2", "3")).ready();
        d.send(call(Scripts.FUNCTION_INT4PL, "2", "x")).ready();
        d.send(call(Scripts.FUNCTION_INT4PL, "2")).ready();
        d.send(call(4_000_000, "2")).ready();
        d.ask("begin");
        d.send(call(Scripts.FUNCTION_INT4PL, "2", "3"), call(Scripts.FUNCTION_INT4PL, "4", "5")).ready(2);
        d.ask("commit");
        d.send(parse("", "select 'still there'"), sync(), call(Scripts.FUNCTION_INT4PL, "1", "1"), bind("", ""), execute(""), sync()).ready(3);
    }

    private static void largeRows(Dialogue d) throws IOException {
        d.ask("select length(repeat('x', 300000)), repeat('y', 300000)");
        d.ask("select a, repeat('z', 70000) from generate_series(1, 5) a");
        d.send(parse("", "select repeat('w', 200000)"), bind("", ""), describePortal(""), execute(""), sync()).ready();
        d.send(parse("l", "select length($1::text)"), bind("", "l", "q".repeat(200_000)), execute(""), sync()).ready();
        d.send(bind("", "l", "q".repeat(20_000)), execute(""), bind("", "l", "r".repeat(70_000)), execute(""), close("l"), sync()).ready();
        d.ask("select length('" + "s".repeat(100_000) + "')");
        d.send(parse("", "select " + "1 + ".repeat(9) + "1 /* " + "c".repeat(100_000) + " */"), bind("", ""), execute(""), sync()).ready();
        d.ask("select " + "a".repeat(70_000));
    }

    private static void queryInOpenBatch(Dialogue d) throws IOException {
        d.send(parse("", "selec"), query("select 'skipped'"), sync()).ready();
        d.send(bind("", "none"), call(Scripts.FUNCTION_INT4PL, "1", "1"), query("select 'skipped'"), sync(), query("select 'heard'")).ready(2);
        d.ask("begin");
        d.send(parse("", "select 1"), bind("", ""), execute(""), query("select 2"), sync()).ready(2);
        d.send(parse("", "select 1"), bind("", ""), execute(""), query("select 1/0"), sync()).ready(2);
        d.ask("rollback");
    }
}
