package org.pgkeel.proxy.wire;

import static org.pgkeel.proxy.wire.Dialogue.bind;
import static org.pgkeel.proxy.wire.Dialogue.close;
import static org.pgkeel.proxy.wire.Dialogue.describe;
import static org.pgkeel.proxy.wire.Dialogue.describePortal;
import static org.pgkeel.proxy.wire.Dialogue.execute;
import static org.pgkeel.proxy.wire.Dialogue.flush;
import static org.pgkeel.proxy.wire.Dialogue.parse;
import static org.pgkeel.proxy.wire.Dialogue.query;
import static org.pgkeel.proxy.wire.Dialogue.sync;

import java.io.IOException;
import java.util.SequencedMap;

/// Prepared statements, by messages and in SQL: names that are in use, unknown, taken back or given up, and the unnamed one. As [Scripts].
final class PreparedScripts {
    private PreparedScripts() {}

    static void addTo(SequencedMap<String, Dialogue.Script> scripts) {
        scripts.put("names in use and unknown", PreparedScripts::namesInUseAndUnknown);
        scripts.put("names in a pipeline that fails", PreparedScripts::namesInAFailingPipeline);
        scripts.put("the same mistake several times in flight", PreparedScripts::sameMistakeInFlight);
        scripts.put("unnamed statement over several syncs", PreparedScripts::unnamedOverSyncs);
        scripts.put("a query ends the unnamed statement", PreparedScripts::queryEndsUnnamed);
        scripts.put("a failed parse and the unnamed statement", PreparedScripts::failedParseAndUnnamed);
        scripts.put("statements outlive a rollback", PreparedScripts::statementsOutliveRollback);
        scripts.put("prepare, execute, deallocate", PreparedScripts::sqlPrepare);
        scripts.put("prepare in the extended protocol", PreparedScripts::sqlPrepareExtended);
        scripts.put("names of both protocols", PreparedScripts::namesOfBothProtocols);
        scripts.put("names that are the proxy's", PreparedScripts::namesOfTheProxy);
        scripts.put("discard all", PreparedScripts::discardAll);
        scripts.put("many statements prepared", PreparedScripts::manyPrepared);
        scripts.put("an error beside an eviction", PreparedScripts::errorBesideEviction);
        scripts.put("many closes", PreparedScripts::manyCloses);
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
        for (int i = 0; i < 2; i++) {
            d.ask("prepare r as select 'r'; deallocate r; prepare r as select 'r2'; execute r");
            d.ask("execute r");
            d.ask("deallocate r; prepare r as select 'r2'; execute r");
            d.ask("execute r");
            d.ask("deallocate r; execute r; select 'not reached'");
            d.ask("execute r");
            d.ask("prepare r as select 'r3'; prepare s as select 's'");
            d.ask("deallocate all; execute r");
            d.ask("execute s");
            d.ask("prepare r as select 'r4'");
            d.ask("deallocate all; prepare r as select 'r5'; execute r");
            d.ask("execute r");
            d.ask("deallocate all; prepare s as select nosuch; prepare r as select 'r6'");
            d.ask("execute r");
            d.ask("deallocate all");
            d.ask("prepare r as select 'r7'; prepare r as select 'r8'; select 'not reached'");
            d.ask("execute r");
            d.ask("deallocate r; prepare r as select 'r9'; prepare s as select 's9'; prepare r as select nosuch");
            d.ask("execute r; execute s");
            d.ask("deallocate all");
            d.ask("prepare r as select 'same'; prepare s as select 'same'; execute s");
            d.ask("execute r");
            d.ask("execute s");
            d.ask("deallocate r");
            d.ask("execute s");
            d.ask("deallocate all");
        }
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
        d.send(parse("bothways", "select b from t where a = $1", Scripts.INT4), sync()).ready();
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
}
