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
import org.pgkeel.protocol.backend.NoData;
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
        scripts.put("names in use and unknown", Scripts::namesInUseAndUnknown);
        scripts.put("an error at every place", Scripts::errorAtEveryPlace);
        scripts.put("names in a pipeline that fails", Scripts::namesInAFailingPipeline);
        scripts.put("the same mistake several times in flight", Scripts::sameMistakeInFlight);
        scripts.put("named portals", Scripts::namedPortals);
        scripts.put("unnamed statement over several syncs", Scripts::unnamedOverSyncs);
        scripts.put("a query ends the unnamed statement", Scripts::queryEndsUnnamed);
        scripts.put("a failed parse and the unnamed statement", Scripts::failedParseAndUnnamed);
        scripts.put("statements outlive a rollback", Scripts::statementsOutliveRollback);
        scripts.put("prepare, execute, deallocate", Scripts::sqlPrepare);
        scripts.put("prepare in the extended protocol", Scripts::sqlPrepareExtended);
        scripts.put("names of both protocols", Scripts::namesOfBothProtocols);
        scripts.put("names that are the proxy's", Scripts::namesOfTheProxy);
        scripts.put("discard all", Scripts::discardAll);
        scripts.put("many statements prepared", Scripts::manyPrepared);
        scripts.put("an error beside an eviction", Scripts::errorBesideEviction);
        scripts.put("many closes", Scripts::manyCloses);
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
        CopyScripts.addTo(scripts);
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

    private static void namesInUseAndUnknown(Dialogue d) throws IOException {
        d.send(parse("n", "select 1"), sync()).ready();
        d.send(parse("n", "select 2"), bind("", "n"), execute(""), sync()).ready();
        d.send(bind("", "n"), execute(""), sync()).ready();
        d.send(bind("", "unknown"), execute(""), sync()).ready();
        d.send(describe("unknown"), sync()).ready();
        d.send(bind("", "n"), execute(""), bind("", "unknown"), execute(""), bind("", "n"), execute(""), sync()).ready();
        d.send(close("n"), parse("n", "select 'again'"), bind("", "n"), execute(""), sync()).ready();
        d.send(close("n"), sync()).ready();
        d.send(close("n"), bind("", "n"), sync()).ready();
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

    private static void namesInAFailingPipeline(Dialogue d) throws IOException {
        d.send(parse("keep", "select 'keep'"), sync()).ready();
        d.send(parse("other", "select 'other'"), close("other"), sync()).ready();
        d.send(parse("", "select 1/0"), bind("", ""), execute(""), parse("other", "select 'other'"), close("keep"), parse("new", "select 'new'"), sync()).ready();
        d.send(bind("", "keep"), execute(""), sync()).ready();
        d.send(bind("", "other"), execute(""), sync()).ready();
        d.send(bind("", "new"), execute(""), sync()).ready();
        d.send(parse("other", "select 'other'"), parse("new", "select 'new'"), bind("", "new"), execute(""), sync()).ready();
        d.send(parse("", "select 1/0"), bind("", ""), execute(""), close("keep"), parse("keep", "select 'changed'"), sync()).ready();
        d.send(bind("", "keep"), execute(""), sync()).ready();
        d.send(parse("bad", "selec"), parse("worse", "select 1"), sync()).ready();
        d.send(parse("bad", "select 'good'"), parse("worse", "select 'better'"), bind("", "bad"), execute(""), bind("", "worse"), execute(""), sync()).ready();
        d.send(close("keep"), close("other"), close("new"), close("bad"), close("worse"), sync()).ready();
    }

    private static void sameMistakeInFlight(Dialogue d) throws IOException {
        for (int i = 0; i < 2; i++) {
            d.send(parse("", "select * from nosuch"), bind("", ""), execute(""), sync(), parse("", "select * from nosuch"), bind("", ""), execute(""), sync(),
                    parse("", "select * from nosuch"), bind("", ""), execute(""), sync()).ready(3);
        }
        d.send(parse("x", "select * from nosuch"), sync(), parse("x", "select * from nosuch"), sync(), parse("x", "select 'x'"), bind("", "x"), execute(""), sync()).ready(3);
        d.send(parse("y", "select * from nosuch"), sync(), bind("", "y"), execute(""), sync(), describe("y"), sync()).ready(3);
        for (int i = 0; i < 3; i++) d.send(parse("", "select * from nosuch"), sync(), bind("", ""), execute(""), sync(), describe(""), sync()).ready(3);
        d.send(parse("w", "select $1::int"), sync(), bind("", "w", "1", "2"), execute(""), sync()).ready(2);
        for (int i = 0; i < 3; i++) d.send(parse("", "select $1::int"), bind("", "", "1", "2"), execute(""), sync()).ready();
        d.send(close("x"), sync()).ready();
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

    private static void unnamedOverSyncs(Dialogue d) throws IOException {
        for (int i = 0; i < 3; i++) {
            d.send(parse("", "select a from t where a = $1"), sync()).ready();
            d.send(bind("", "", "1"), execute(""), sync()).ready();
            d.send(bind("", "", "2"), execute(""), sync()).ready();
            d.send(describe(""), sync()).ready();
            d.send(close(""), sync()).ready();
            d.send(bind("", "", "2"), execute(""), sync()).ready();
        }
    }

    private static void queryEndsUnnamed(Dialogue d) throws IOException {
        for (int i = 0; i < 3; i++) {
            d.send(parse("", "select a from t where a = $1"), sync()).ready();
            d.ask("select 1");
            d.send(bind("", "", "1"), execute(""), sync()).ready();
            d.send(parse("", "select a from t where a = $1"), sync(), query(""), bind("", "", "1"), execute(""), sync()).ready(3);
        }
    }

    private static void failedParseAndUnnamed(Dialogue d) throws IOException {
        for (int i = 0; i < 3; i++) {
            d.send(parse("", "select 'old'"), sync()).ready();
            d.send(parse("", "selec"), sync()).ready();
            d.send(bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "select 'old'"), sync()).ready();
            d.send(bind("", "none"), parse("", "select 'skipped'"), sync()).ready();
            d.send(bind("", ""), execute(""), sync()).ready();
        }
    }

    private static void statementsOutliveRollback(Dialogue d) throws IOException {
        d.ask("begin");
        d.send(parse("o", "select b from t where a = $1"), bind("", "o", "1"), execute(""), sync()).ready();
        d.ask("prepare sqlo as select 'sql'");
        d.ask("rollback");
        d.send(bind("", "o", "2"), execute(""), sync()).ready();
        d.ask("execute sqlo");
        d.send(query("begin"), query("select 1/0"), bind("", "o", "2"), execute(""), sync(), query("rollback")).ready(4);
        d.send(bind("", "o", "3"), execute(""), close("o"), sync()).ready();
        d.ask("deallocate sqlo");
    }

    private static void sqlPrepare(Dialogue d) throws IOException {
        d.ask("prepare p1 (int) as select b from t where a = $1");
        d.ask("execute p1(1)");
        d.ask("prepare p1 as select 1");
        d.ask("execute p1(2)");
        d.ask("explain (costs off) execute p1(2)");
        d.ask("PREPARE \"Quoted Name\" AS SELECT 'quoted'");
        d.ask("execute \"Quoted Name\"");
        d.ask("execute quoted");
        d.ask("prepare bad as selec");
        d.ask("execute bad");
        d.ask("prepare bad as select * from nosuch");
        d.ask("prepare bad as select 'good'");
        d.ask("execute bad (1)");
        d.ask("execute bad");
        d.ask("create table made as execute p1(1)");
        d.ask("select * from made");
        d.ask("drop table made");
        d.ask("begin");
        d.ask("prepare intx as select 'in tx'");
        d.ask("select 1/0");
        d.ask("execute intx");
        d.ask("rollback");
        d.ask("execute intx");
        d.ask("deallocate p1");
        d.ask("execute p1(1)");
        d.ask("deallocate p1");
        d.ask("deallocate nosuch");
        d.ask("/* %s */ prepare commented as select '%s'");
        d.ask("execute commented");
        d.ask("deallocate all");
        d.ask("execute bad");
        d.send(query("prepare q as select 'q'"), query("execute q"), query("deallocate q"), query("execute q")).ready(4);
    }

    private static void sqlPrepareExtended(Dialogue d) throws IOException {
        for (int i = 0; i < 3; i++) {
            d.send(parse("", "prepare x as select b from t where a = 1"), bind("", ""), describePortal(""), execute(""), sync()).ready();
            d.send(parse("", "execute x"), describe(""), bind("", ""), execute(""), sync()).ready();
            d.send(parse("named", "execute x"), bind("", "named"), execute(""), sync()).ready();
            d.send(bind("", "named"), execute(""), sync()).ready();
            d.send(close("named"), parse("", "deallocate x"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "execute x"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "deallocate x"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "prepare x as select 1"), bind("", ""), execute(""), sync(), parse("", "deallocate x"), bind("", ""), execute(""), sync()).ready(2);
            d.send(parse("", "prepare wrong as select * from nosuch"), bind("", ""), execute(""), sync()).ready();
            d.send(parse("", "prepare wrong as select * from nosuch"), bind("", ""), execute(""), sync(), parse("", "execute wrong"), bind("", ""), execute(""), sync()).ready(2);
            d.send(parse("", "prepare wrong as select 'right'"), bind("", ""), execute(""), sync(), parse("", "execute wrong"), bind("", ""), execute(""), sync()).ready(2);
            d.send(parse("", "deallocate wrong"), bind("", ""), execute(""), sync()).ready();
        }
    }

    private static void namesOfBothProtocols(Dialogue d) throws IOException {
        d.send(parse("bothways", "select b from t where a = $1", INT4), sync()).ready();
        d.ask("execute bothways(2)");
        d.ask("prepare bothways as select 1");
        d.ask("deallocate bothways");
        d.send(bind("", "bothways", "1"), execute(""), sync()).ready();
        d.ask("prepare sqlname as select a from t where a = 3");
        d.send(describe("sqlname"), bind("", "sqlname"), execute(""), sync()).ready();
        d.send(parse("sqlname", "select 2"), sync()).ready();
        d.send(close("sqlname"), sync()).ready();
        d.ask("execute sqlname");
        d.send(parse("a", "select 'a'"), parse("b", "select 'b'"), sync()).ready();
        d.ask("deallocate all");
        d.send(bind("", "a"), execute(""), sync()).ready();
        d.send(parse("a", "select 'a'"), bind("", "a"), execute(""), sync()).ready();
        d.ask("deallocate a");
    }

    private static void namesOfTheProxy(Dialogue d) throws IOException {
        d.send(parse("pgkeel_1", "select 'mine'"), bind("", "pgkeel_1"), execute(""), sync()).ready();
        d.ask("execute pgkeel_1");
        d.ask("execute pgkeel_2");
        d.ask("deallocate pgkeel_3");
        d.send(bind("", "pgkeel_2"), execute(""), sync()).ready();
        d.send(parse("", "execute pgkeel_2"), bind("", ""), execute(""), sync()).ready();
        d.ask("deallocate pgkeel_1");
    }

    private static void discardAll(Dialogue d) throws IOException {
        d.send(parse("d1", "select 1"), sync()).ready();
        d.ask("set work_mem = '7MB'");
        d.ask("create temp table tt (a int)");
        d.ask("discard all");
        d.ask("show work_mem");
        d.ask("select * from tt");
        d.send(bind("", "d1"), sync()).ready();
        d.send(parse("d1", "select 2"), bind("", "d1"), execute(""), close("d1"), sync()).ready();
        d.send(parse("", "discard all"), bind("", ""), execute(""), sync()).ready();
        d.ask("begin");
        d.ask("discard all");
        d.ask("rollback");
        d.ask("discard plans");
        d.ask("discard temp");
        d.ask("discard sequences");
    }

    private static void manyPrepared(Dialogue d) throws IOException {
        for (int i = 0; i < 6; i++) d.send(parse("k" + i, "select " + i + " from t where a = $1"), sync()).ready();
        for (int i = 0; i < 6; i++) d.send(bind("", "k" + i, "1"), execute(""), sync()).ready();
        d.send(bind("", "k0", "1"), execute(""), bind("", "k1", "1"), execute(""), bind("", "k2", "1"), execute(""), bind("", "k3", "1"), execute(""), sync()).ready();
        d.ask("begin");
        d.send(bind("pk", "k0", "1"), bind("", "k1", "1"), execute(""), bind("", "k2", "1"), execute(""), execute("pk"), sync()).ready();
        d.ask("commit");
        for (int i = 0; i < 6; i++) d.ask("prepare s" + i + " as select " + i);
        for (int i = 0; i < 6; i++) d.ask("execute s" + i);
        for (int i = 0; i < 6; i++) d.send(close("k" + i), sync()).ready();
        d.ask("deallocate all");
    }

    private static void errorBesideEviction(Dialogue d) throws IOException {
        for (int i = 0; i < 5; i++) d.send(parse("v" + i, "select 'v" + i + "' from t where a = $1"), sync()).ready();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 5; i++) {
                int next = (i + 2) % 5;
                d.send(parse("", "select 1/0"), bind("", ""), execute(""), bind("", "v" + i, "1"), execute(""), bind("", "v" + next, "1"), execute(""), sync()).ready();
                d.send(bind("", "v" + next, "1"), execute(""), bind("", "v" + i, "1"), execute(""), sync()).ready();
                d.send(bind("", "v" + i, "x"), execute(""), bind("", "v" + next, "1"), execute(""), sync(), bind("", "v" + i, "1"), execute(""), sync()).ready(2);
            }
        }
        d.ask("deallocate all");
    }

    private static void manyCloses(Dialogue d) throws IOException {
        var closes = new org.pgkeel.protocol.frontend.FrontendMessage[40];
        for (int i = 0; i < 39; i++) closes[i] = i % 3 == 0 ? flush() : close("c" + i);
        closes[39] = sync();
        d.send(closes).ready();
        d.send(parse("", "select 1"), bind("", ""), execute(""), sync()).ready();
        d.ask("begin");
        d.send(closes).ready();
        closes[20] = bind("", "nosuch");
        d.send(closes).ready();
        d.ask("rollback");
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
