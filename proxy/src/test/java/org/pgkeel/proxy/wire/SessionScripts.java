package org.pgkeel.proxy.wire;

import static org.pgkeel.proxy.wire.Dialogue.bind;
import static org.pgkeel.proxy.wire.Dialogue.describe;
import static org.pgkeel.proxy.wire.Dialogue.execute;
import static org.pgkeel.proxy.wire.Dialogue.parse;
import static org.pgkeel.proxy.wire.Dialogue.query;
import static org.pgkeel.proxy.wire.Dialogue.sync;

import java.io.IOException;
import java.util.SequencedMap;

/// What a session keeps or loses: transactions and savepoints, settings, notices and notifications, temporary tables, cursors.
final class SessionScripts {
    private SessionScripts() {}

    static void addTo(SequencedMap<String, Dialogue.Script> scripts) {
        scripts.put("in a failed transaction", SessionScripts::inAFailedTransaction);
        scripts.put("notices", SessionScripts::notices);
        scripts.put("notifications", SessionScripts::notifications);
        scripts.put("settings over transactions", SessionScripts::settings);
        scripts.put("settings in the extended protocol", SessionScripts::settingsExtended);
        scripts.put("parameter status", SessionScripts::parameterStatus);
        scripts.put("savepoints", SessionScripts::savepoints);
        scripts.put("temporary tables", SessionScripts::temporaryTables);
        scripts.put("cursors", SessionScripts::cursors);
        scripts.put("transactions in the extended protocol", SessionScripts::extendedTransactions);
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
