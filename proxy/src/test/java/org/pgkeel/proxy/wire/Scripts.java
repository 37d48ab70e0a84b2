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
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.pgkeel.protocol.backend.BindComplete;
import org.pgkeel.protocol.backend.CloseComplete;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.ParseComplete;
import org.pgkeel.protocol.backend.PortalSuspended;
import org.pgkeel.protocol.backend.RowDescription;

/// Shapes of both protocols, statements and sessions. Each script finds its schema with the tables `t` (5 rows) and `empty`, and leaves
/// its session outside of a transaction.
final class Scripts {
    static final int INT4 = 23;
    static final int TEXT = 25;
    /// `int4pl`.
    static final int FUNCTION_INT4PL = 177;

    private Scripts() {}

    static SequencedMap<String, Dialogue.Script> all() {
        var scripts = new LinkedHashMap<String, Dialogue.Script>();
        scripts.put("simple queries", Scripts::simpleQueries);
        scripts.put("empty queries", Scripts::emptyQueries);
        scripts.put("many statements in a query", Scripts::manyStatements);
        scripts.put("describe and execute", Scripts::describeAndExecute);
        scripts.put("row limits", Scripts::rowLimits);
        scripts.put("flush without sync", Scripts::flushWithoutSync);
        scripts.put("several syncs in flight", Scripts::severalSyncs);
        scripts.put("an error at every place", Scripts::errorAtEveryPlace);
        scripts.put("named portals", Scripts::namedPortals);
        scripts.put("in a failed transaction", Scripts::inAFailedTransaction);
        scripts.put("function calls", Scripts::functionCalls);
        scripts.put("notices", Scripts::notices);
        scripts.put("notifications", Scripts::notifications);
        scripts.put("settings over transactions", Scripts::settings);
        scripts.put("settings in the extended protocol", Scripts::settingsExtended);
        scripts.put("parameter status", Scripts::parameterStatus);
        scripts.put("large rows", Scripts::largeRows);
        scripts.put("a query within an open batch", Scripts::queryInOpenBatch);
        scripts.put("savepoints", Scripts::savepoints);
        scripts.put("temporary tables", Scripts::temporaryTables);
        scripts.put("cursors", Scripts::cursors);
        scripts.put("transactions in the extended protocol", Scripts::extendedTransactions);
        PreparedScripts.addTo(scripts);
        CopyScripts.addTo(scripts);
        BlockScripts.addTo(scripts);
        return scripts;
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
            d.send(parse("", "insert into t values ($1, $2)", INT4, TEXT), describe(""), bind("", "", "" + (30 + i), "x"), execute(""), sync()).ready();
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

    private static void inAFailedTransaction(Dialogue d) throws IOException {
        d.send(parse("rb", "rollback"), parse("fine", "select 1"), sync()).ready();
        for (int i = 0; i < 2; i++) {
            d.ask("begin");
            d.ask("select 1/0");
            d.send(bind("", "fine"), execute(""), sync()).ready();
            d.send(parse("", "select 'unnamed'"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("failed", "select 1"), sync()).ready();
            d.send(describe("fine"), sync()).ready();
            d.send(bind("", "unknown"), sync()).ready();
            d.ask("prepare nothing as select 1");
            d.ask("execute nothing");
            d.send(bind("", "rb"), execute(""), sync()).ready();
            d.send(bind("", "failed"), execute(""), sync()).ready();
        }
        d.ask("deallocate all");
    }

    private static void functionCalls(Dialogue d) throws IOException {
        d.send(call(FUNCTION_INT4PL, "2", "3")).ready();
        d.send(call(FUNCTION_INT4PL, "2", "x")).ready();
        d.send(call(FUNCTION_INT4PL, "2")).ready();
        d.send(call(4_000_000, "2")).ready();
        d.ask("begin");
        d.send(call(FUNCTION_INT4PL, "2", "3"), call(FUNCTION_INT4PL, "4", "5")).ready(2);
        d.ask("commit");
        d.send(parse("", "select 'still there'"), sync(), call(FUNCTION_INT4PL, "1", "1"), bind("", ""), execute(""), sync()).ready(3);
    }

    private static void notices(Dialogue d) throws IOException {
        d.ask("do $$ begin raise notice 'one'; raise warning 'two'; end $$");
        d.ask("drop table if exists nosuch");
        d.send(parse("", "drop table if exists nosuch"), bind("", ""), execute(""), sync()).ready();
        d.ask("set client_min_messages = error");
        d.ask("drop table if exists nosuch");
        d.ask("reset client_min_messages");
        d.ask("commit");
        d.ask("begin");
        d.ask("begin");
        d.ask("rollback");
    }

    private static void notifications(Dialogue d) throws IOException {
        String channel = d.channel();
        d.ask("listen " + channel);
        d.ask("notify " + channel + ", 'hello'");
        d.ask("begin");
        d.ask("notify " + channel + ", 'in a transaction'");
        d.ask("select 1");
        d.ask("commit");
        d.ask("select pg_notify('" + channel + "', 'by function')");
        d.send(parse("", "notify " + channel + ", 'extended'"), bind("", ""), execute(""), sync()).ready();
        d.ask("unlisten " + channel);
        d.ask("notify " + channel + ", 'nobody'");
        d.ask("listen " + channel);
        d.ask("unlisten *");
        d.ask("notify " + channel + ", 'nobody'");
    }

    private static void settings(Dialogue d) throws IOException {
        d.ask("set work_mem = '8MB'");
        d.ask("begin");
        d.ask("show work_mem");
        d.ask("set work_mem = '9MB'");
        d.ask("rollback");
        d.ask("show work_mem");
        d.ask("begin");
        d.ask("set local work_mem = '10MB'");
        d.ask("show work_mem");
        d.ask("commit");
        d.ask("show work_mem");
        d.ask("begin; set work_mem = '11MB'; savepoint s; set work_mem = '12MB'; rollback to s; commit");
        d.ask("show work_mem");
        d.ask("begin; set work_mem = '13MB'; select 1/0");
        d.ask("commit");
        d.ask("show work_mem");
        d.ask("select set_config('work_mem', '14MB', false)");
        d.ask("show work_mem");
        d.ask("set work_mem = 'nonsense'");
        d.ask("show work_mem");
        d.ask("reset work_mem");
        d.ask("show work_mem");
        d.ask("set search_path = pg_catalog");
        d.ask("select * from t");
        d.ask("reset search_path");
        d.ask("select count(*) from t");
        d.ask("set time zone 'Europe/Berlin'");
        d.ask("set datestyle = 'German'");
        d.ask("select '2024-02-03'::date, '2024-02-03 04:05:06+00'::timestamptz");
        d.ask("reset all");
        d.ask("select '2024-02-03'::date, '2024-02-03 04:05:06+00'::timestamptz");
        d.ask("set standard_conforming_strings = off");
        d.ask("select 'a\\'b'");
        d.ask("set standard_conforming_strings = on");
        d.send(query("set work_mem = '15MB'"), query("select 1"), query("show work_mem"), query("reset work_mem"), query("show work_mem")).ready(5);
    }

    private static void settingsExtended(Dialogue d) throws IOException {
        for (int i = 0; i < 2; i++) {
            d.send(parse("", "set work_mem = '8MB'"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "show work_mem"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "set work_mem = '9MB'"), bind("", ""), execute(""), parse("", "select 1/0"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "show work_mem"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("set", "select set_config('work_mem', $1, false)"), bind("", "set", "16MB"), execute(""), sync()).ready();
            d.ask("show work_mem");
            d.send(parse("b", "begin"), parse("c", "commit"), parse("r", "rollback"), parse("w", "set work_mem = '17MB'"), sync()).ready();
            d.send(bind("", "b"), execute(""), sync(), bind("", "w"), execute(""), sync(), bind("", "r"), execute(""), sync()).ready(3);
            d.ask("show work_mem");
            d.send(bind("", "b"), execute(""), bind("", "w"), execute(""), bind("", "c"), execute(""), sync()).ready();
            d.ask("show work_mem");
            d.ask("deallocate all");
            d.ask("reset all");
        }
    }

    private static void parameterStatus(Dialogue d) throws IOException {
        d.ask("set application_name = 'first'");
        d.ask("set application_name = 'second'; set timezone = 'UTC'; set datestyle = 'SQL, DMY'");
        d.ask("begin");
        d.ask("set application_name = 'third'");
        d.ask("set local timezone = 'Asia/Tokyo'");
        d.ask("rollback");
        d.send(parse("", "set application_name = 'fourth'"), bind("", ""), execute(""), sync()).ready();
        d.ask("set intervalstyle = 'iso_8601'");
        d.ask("select interval '1 day 2 hours'");
        d.ask("reset all");
        d.ask("set client_encoding = 'LATIN1'");
        d.ask("select chr(228)");
        d.ask("reset client_encoding");
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
        d.send(bind("", "none"), call(FUNCTION_INT4PL, "1", "1"), query("select 'skipped'"), sync(), query("select 'heard'")).ready(2);
        d.ask("begin");
        d.send(parse("", "select 1"), bind("", ""), execute(""), query("select 2"), sync()).ready(2);
        d.send(parse("", "select 1"), bind("", ""), execute(""), query("select 1/0"), sync()).ready(2);
        d.ask("rollback");
    }

    private static void savepoints(Dialogue d) throws IOException {
        d.ask("begin");
        d.ask("insert into t values (60, 'a')");
        d.ask("savepoint a");
        d.ask("insert into t values (61, 'b')");
        d.ask("select 1/0");
        d.ask("rollback to a");
        d.send(parse("", "select count(*) from t where a >= 60"), bind("", ""), execute(""), sync()).ready();
        d.ask("release a");
        d.ask("rollback to a");
        d.ask("rollback");
        d.ask("begin; insert into t values (62, 'x'); commit and chain");
        d.ask("insert into t values (63, 'y')");
        d.ask("rollback and chain");
        d.ask("select count(*) from t where a >= 60");
        d.ask("commit");
    }

    private static void temporaryTables(Dialogue d) throws IOException {
        d.ask("create temp table tmp (a int)");
        d.ask("insert into tmp values (1), (2)");
        d.send(parse("", "select * from tmp order by a"), bind("", ""), execute(""), sync()).ready();
        d.ask("begin");
        d.ask("create temp table tmp2 (b int) on commit drop");
        d.ask("insert into tmp2 select * from tmp");
        d.ask("select count(*) from tmp2");
        d.ask("commit");
        d.ask("select count(*) from tmp2");
        d.ask("drop table tmp");
        d.ask("select count(*) from tmp");
        d.ask("begin");
        d.ask("create temp table tmp3 (b int)");
        d.ask("rollback");
        d.ask("select count(*) from tmp3");
    }

    private static void cursors(Dialogue d) throws IOException {
        d.ask("begin");
        d.ask("declare c cursor for select a from t order by a");
        d.ask("fetch 2 from c");
        d.send(parse("", "fetch 2 from c"), bind("", ""), execute(""), sync()).ready();
        d.ask("close c");
        d.ask("fetch c");
        d.ask("rollback");
        d.ask("declare h cursor with hold for select a from t order by a");
        d.ask("fetch 2 from h");
        d.ask("select 1");
        d.ask("fetch 2 from h");
        d.ask("close h");
        d.ask("fetch h");
        d.ask("declare c cursor for select 1");
    }

    private static void extendedTransactions(Dialogue d) throws IOException {
        for (int i = 0; i < 2; i++) {
            d.send(parse("", "begin"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "insert into t values (70, 'x')"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "select 1/0"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "select 1"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "commit"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "begin"), bind("", ""), execute(""), parse("", "insert into t values (71, 'y')"), bind("", ""), execute(""),
                    parse("", "commit"), bind("", ""), execute(""), parse("", "select count(*) from t where a >= 70"), bind("", ""), execute(""), sync()).ready();
        }
        d.ask("delete from t where a >= 70");
    }
}
