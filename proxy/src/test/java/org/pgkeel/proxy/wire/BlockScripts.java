package org.pgkeel.proxy.wire;

import static org.pgkeel.proxy.wire.Dialogue.bind;
import static org.pgkeel.proxy.wire.Dialogue.call;
import static org.pgkeel.proxy.wire.Dialogue.execute;
import static org.pgkeel.proxy.wire.Dialogue.flush;
import static org.pgkeel.proxy.wire.Dialogue.parse;
import static org.pgkeel.proxy.wire.Dialogue.query;
import static org.pgkeel.proxy.wire.Dialogue.sync;

import java.io.IOException;
import java.util.SequencedMap;
import org.pgkeel.protocol.frontend.FrontendMessage;

/// Texts of several commands that write: what the proxy may run in a transaction block of its own, and what it must not.
final class BlockScripts {
    /// `lo_unlink`: a FunctionCall that writes.
    private static final int LO_UNLINK = 964;

    private BlockScripts() {}

    static void addTo(SequencedMap<String, Dialogue.Script> scripts) {
        scripts.put("texts that write", BlockScripts::texts);
        scripts.put("texts whose commit fails", BlockScripts::failingCommits);
        scripts.put("texts that set something", BlockScripts::settings);
        scripts.put("texts that end transactions", BlockScripts::transactions);
        scripts.put("texts that end with COMMIT", BlockScripts::commits);
        scripts.put("texts that no block may run", BlockScripts::unblockable);
        scripts.put("texts in a pipeline", BlockScripts::pipeline);
        scripts.put("texts with large results", BlockScripts::large);
        scripts.put("function calls that write", BlockScripts::functions);
    }

    private static void texts(Dialogue d) throws IOException {
        d.ask("insert into t values (200, 'a'); insert into t values (201, 'b'), (202, 'c')");
        d.ask("insert into t values (203, 'a') returning a; select a from t where a >= 200 order by a; update t set b = 'z' where a > 200 returning a, b");
        d.ask(";; insert into t values (204, 'a') ;; ; select 1;;");
        d.ask("insert into t values (205, 'a'); select 1/0; insert into t values (206, 'a')");
        d.ask("insert into t values (207, 'a'); select nosuch from t; select 1");
        d.ask("insert into t values (208, 'a'); selec 1");
        d.ask("select a from t where a >= 200 order by a");
        d.ask("insert into t values (209, 'a'); copy (select a from t where a >= 200 order by a) to stdout; select 2");
        d.ask("create table made (a int); insert into made values (1); alter table made add b int; drop table made");
        d.ask("drop table if exists nosuch; insert into t values (210, 'a'); drop table if exists nosuch either");
        d.ask("drop table if exists nosuch; insert into t values (210, 'a'); drop table if exists nosuch");
        d.ask("create function warns() returns int language plpgsql as $$ begin raise notice 'within'; insert into t values (211, 'w'); return 1; end $$; select warns()");
        d.ask("select warns(); select warns() as again");
        d.ask("drop function warns(); delete from t where a >= 200");
        d.ask("declare c cursor for select a from t order by a; fetch 2 from c; delete from t where a = 5; fetch 1 from c");
        d.ask("fetch 1 from c");
        d.ask("create temp table own (a int); insert into own values (1); select * from own");
        d.ask("insert into own values (2); insert into t values (212, 'a'); select count(*) from own");
        d.ask("create temp table gone (a int) on commit drop; insert into gone values (1); select * from gone");
        d.ask("select * from gone");
        d.ask("drop table own; delete from t where a = 212");
        d.ask("lock table t in share mode; insert into t values (213, 'a'); delete from t where a = 213");
        d.ask("create rule twice as on insert to empty do also (insert into t values (214, 'r'); insert into t values (215, 'r'))");
        d.ask("insert into empty values (1); select count(*) from t where a in (214, 215); delete from empty");
        d.ask("drop rule twice on empty; delete from t where a >= 200");
        d.ask("select count(*) from t");
    }

    private static void failingCommits(Dialogue d) throws IOException {
        d.ask("create table late (a int primary key, b int references late deferrable initially deferred)");
        d.ask("insert into late values (1, 1); insert into late values (2, 3)");
        d.ask("insert into late values (1, 2); insert into late values (2, 1); select count(*) from late");
        d.ask("insert into late values (3, 9); select 'the last has rows'");
        d.ask("set constraints all immediate; insert into late values (3, 9); select 1");
        d.ask("select * from late order by a");
        d.ask("create function says() returns trigger language plpgsql as $$ begin raise notice 'at commit'; return null; end $$");
        d.ask("create constraint trigger says after insert on late deferrable initially deferred for each row execute function says()");
        d.ask("insert into late values (4, 4); insert into late values (5, 5) returning a");
        d.ask("insert into late values (10, 4)");
        d.ask("insert into late values (11, 5) returning a, b");
        d.ask("insert into late values (12, 99) returning a");
        d.ask("with one as (insert into late values (13, 13) returning a) select set_config('work_mem', '6MB', false), a from one");
        d.ask("reset work_mem");
        d.ask("prepare later (int, int) as insert into late values ($1, $2) returning a");
        d.ask("execute later(14, 14)");
        d.ask("execute later(15, 99)");
        d.ask("execute later($1, 1)");
        d.ask("execute nosuch");
        d.ask("explain (costs off) execute later(1, 1)");
        d.ask("prepare reads as select a from late order by a");
        d.ask("execute reads");
        d.ask("deallocate all");
        d.ask("insert into late values (6, 7); insert into late values (8, 8)");
        d.ask("set work_mem = '7MB'; insert into late values (6, 7)");
        d.ask("show work_mem");
        d.ask("drop table late; drop function says()");
    }

    private static void settings(Dialogue d) throws IOException {
        d.ask("set work_mem = '5MB'; insert into t values (220, 'a'); select current_setting('work_mem')");
        d.ask("show work_mem");
        d.ask("insert into t values (221, 'a'); set work_mem = '6MB'");
        d.ask("show work_mem");
        d.ask("set work_mem = '8MB'; insert into t values (222, 'a'); select 1/0");
        d.ask("show work_mem");
        d.ask("set local work_mem = '9MB'; insert into t values (223, 'a'); show work_mem");
        d.ask("show work_mem");
        d.ask("insert into t values (224, 'a'); reset work_mem; show work_mem");
        d.ask("set session characteristics as transaction isolation level serializable; insert into t values (225, 'a'); show transaction_isolation");
        d.ask("show transaction_isolation");
        d.ask("reset default_transaction_isolation; delete from t where a >= 220");
        d.ask("insert into t values (226, 'a'); set statement_timeout = '300ms'; select pg_sleep(30)");
        d.ask("show statement_timeout");
        d.ask("set idle_in_transaction_session_timeout = '30s'; insert into t values (229, 'a'); show idle_in_transaction_session_timeout");
        d.ask("insert into t values (229, 'a'); reset idle_in_transaction_session_timeout");
        d.ask("set application_name = 'one'; insert into t values (227, 'a'); set timezone = 'UTC'");
        d.ask("set application_name = 'two'; set local timezone = 'Asia/Tokyo'; insert into t values (227, 'a')");
        d.ask("set local application_name = 'three'; insert into t values (227, 'a'); select 1/0");
        d.ask("set application_name = 'four'; insert into t values (227, 'a'); set application_name = 'two'");
        d.ask("show application_name");
        d.ask("select count(*) from t where a >= 226");
        d.ask("delete from t where a >= 226");
    }

    private static void transactions(Dialogue d) throws IOException {
        d.ask("begin; insert into t values (230, 'a'); commit");
        d.ask("begin; insert into t values (231, 'a'); rollback; insert into t values (232, 'a')");
        d.ask("insert into t values (233, 'a'); begin; insert into t values (234, 'a'); commit; insert into t values (235, 'a')");
        d.ask("insert into t values (236, 'a'); begin; insert into t values (237, 'a')");
        d.ask("insert into t values (238, 'a'); select 1");
        d.ask("commit");
        d.ask("insert into t values (239, 'a'); savepoint s; insert into t values (240, 'a')");
        d.ask("insert into t values (241, 'a'); set transaction isolation level serializable; select 1");
        d.ask("insert into t values (242, 'a'); commit and chain");
        d.ask("begin");
        d.ask("insert into t values (243, 'a'); insert into t values (244, 'a'); select 1/0");
        d.ask("insert into t values (245, 'a'); select 1");
        d.ask("rollback");
        d.ask("select a from t where a >= 230 order by a");
        d.ask("delete from t where a >= 230; select count(*) from t");
    }

    private static void commits(Dialogue d) throws IOException {
        d.ask("begin; insert into t values (300, 'a'); commit");
        d.ask("start transaction isolation level serializable; insert into t values (301, 'a') returning a; select 'a;commit' as b; end work;; -- over");
        d.ask("insert into t values (302, 'a'); begin; insert into t values (303, 'a'); commit transaction and no chain;");
        d.ask("begin; begin; insert into t values (304, 'a'); commit");
        d.ask(" ;; begin ;; insert into t values (305, 'a') ;;\n commit ;;");
        d.ask("begin; insert into t values (306, 'a'); select 1/0; commit");
        d.ask("select 1");
        d.ask("insert into t values (306, 'a'); commit");
        d.ask("insert into t values (307, 'a'); select 1/0; begin; insert into t values (307, 'a'); commit");
        d.ask("begin; insert into t values (308, 'a'); selec 1; commit");
        d.ask("begin; insert into t values (308, 'a'); select nosuch from t; commit");
        d.ask("rollback; begin; insert into t values (309, 'a'); commit");
        d.ask("begin; insert into t values (310, 'a'); commit and chain");
        d.ask("insert into t values (311, 'a'); commit and chain");
        d.ask("insert into t values (312, 'a'); select a from t where a = 312; commit");
        d.ask("insert into t values (313, 'a'); commit");
        d.ask("insert into t values (314, 'a'); commit and chain");
        d.ask("begin; insert into t values (315, 'a'); commit; begin; insert into t values (316, 'a'); commit");
        d.ask("begin; savepoint s; insert into t values (317, 'a'); rollback to s; insert into t values (318, 'a'); release s; commit");
        d.ask("begin; insert into t values (319, 'a'); copy (select a from t where a = 319) to stdout; commit");
        d.ask("begin; create temp table gone (a int) on commit drop; insert into gone values (1); select * from gone; commit");
        d.ask("begin; create table made (a int); insert into made values (1); commit");
        d.ask("begin; drop table made; drop table if exists nosuch; commit");
        d.ask("begin; lock table t in share mode; insert into t values (320, 'a'); commit");
        d.ask("begin; vacuum t; commit");
        d.ask("rollback");
        d.ask("begin; insert into t values (321, 'a'); do $$ begin commit; end $$; commit");
        d.ask("rollback");
        d.ask("begin; set transaction isolation level repeatable read; insert into t values (322, 'a'); show transaction_isolation; commit");
        d.ask("begin; insert into t values (323, 'a'); declare c cursor for select a from t where a >= 300 order by a; fetch 2 from c; commit");
        d.ask("begin; create table late (a int primary key, b int references late deferrable initially deferred); insert into late values (1, 1); commit");
        d.ask("begin; insert into late values (2, 3); commit");
        d.ask("begin; insert into late values (2, 3)");
        d.ask("insert into late values (4, 5) returning a; commit");
        d.ask("begin; insert into late values (2, 3); commit and chain");
        d.ask("create function says() returns trigger language plpgsql as $$ begin raise notice 'at commit'; return null; end $$");
        d.ask("create constraint trigger says after insert on late deferrable initially deferred for each row execute function says()");
        d.ask("begin; insert into late values (6, 6); commit");
        d.ask("select * from late order by a; drop table late; drop function says()");
        d.ask("begin; set work_mem = '5MB'; insert into t values (324, 'a'); commit");
        d.ask("show work_mem");
        d.ask("begin; set local work_mem = '6MB'; set work_mem = '7MB'; set local work_mem = '8MB'; insert into t values (325, 'a'); show work_mem; commit");
        d.ask("show work_mem");
        d.ask("begin; set application_name = 'one'; insert into t values (325, 'a'); set local timezone = 'Asia/Tokyo'; commit");
        d.ask("begin; set timezone = 'UTC'; set local application_name = 'two'; insert into t values (325, 'a'); commit and chain");
        d.ask("set application_name = 'three'; insert into t values (325, 'a'); select 1/0; commit");
        d.ask("rollback");
        d.ask("begin; set application_name = 'four'; insert into t values (325, 'a'); create table late (a int, b int unique deferrable initially deferred); insert into late values (1, 1), (2, 1); commit");
        d.ask("show application_name; show timezone");
        d.ask("begin; insert into t values (326, 'a'); set work_mem = '9MB'; select 1/0; commit");
        d.ask("rollback");
        d.ask("show work_mem");
        d.ask("reset work_mem; begin; prepare s as insert into t values ($1, 's'); execute s (327); commit");
        d.ask("begin; execute s (328); deallocate s; commit");
        d.ask("begin; insert into t values (329, 'a'); deallocate all; commit");
        d.ask("begin; insert into t values (330, 'a'); set statement_timeout = '300ms'; select pg_sleep(30); commit");
        d.ask("rollback");
        d.ask("listen " + d.channel());
        d.ask("begin; notify " + d.channel() + "; insert into t values (331, 'a'); commit");
        d.ask("begin; notify " + d.channel() + "; commit");
        d.ask("unlisten " + d.channel());
        FrontendMessage text = query("begin; insert into t values (332, 'a'); commit");
        FrontendMessage bad = query("begin; insert into t values (333, 'a'); select 1/0; commit");
        d.send(text, text, bad, text, query("rollback"), text).ready(6);
        d.send(parse("", "select 5"), sync(), text, bind("", ""), execute(""), sync()).ready(3);
        d.send(text, parse("", "select count(*) from t where a = $1"), bind("", "", "332"), execute(""), sync(), flush(), text, sync()).ready(4);
        d.send(parse("", "begin"), bind("", ""), execute(""), parse("", "insert into t values (334, 'a')"), bind("", ""), execute(""), parse("", "commit"), bind("", ""), execute(""), sync()).ready();
        d.send(query("begin"), query("insert into t values (335, 'a')"), query("insert into t values (336, 'a'); commit"), query("select 1")).ready(4);
        d.send(parse("", "begin"), bind("", ""), execute(""), query("insert into t values (337, 'a'); commit"), sync()).ready(2);
        d.ask("begin; insert into t values (338, 'a'); select a, repeat('x', 1000) from generate_series(1, 2000) a; commit");
        d.ask("select a from t where a >= 300 order by a");
        d.ask("begin; delete from t where a >= 300; commit");
    }

    private static void unblockable(Dialogue d) throws IOException {
        d.ask("vacuum t");
        d.ask("insert into t values (250, 'a'); vacuum t");
        d.ask("vacuum t; insert into t values (251, 'a')");
        d.ask("create index concurrently by_a on t (a)");
        d.ask("insert into t values (252, 'a'); create index concurrently by_b on t (b)");
        d.ask("drop index concurrently by_a");
        d.ask("create database nosuch; insert into t values (253, 'a')");
        d.ask("insert into t values (254, 'a'); alter system set work_mem = '4MB'");
        d.ask("insert into t values (255, 'a'); discard all");
        d.ask("do $$ begin insert into t values (256, 'd'); commit; insert into t values (257, 'd'); end $$");
        d.ask("insert into t values (258, 'a'); do $$ begin commit; end $$");
        d.ask("create procedure ends() language plpgsql as $$ begin insert into t values (259, 'p'); commit; end $$");
        d.ask("call ends()");
        d.ask("call ends(); insert into t values (260, 'a')");
        d.ask("drop procedure ends(); insert into t values (261, 'a')");
        d.ask("prepare s as insert into t values ($1, 's'); execute s (262); execute s (263); deallocate s");
        d.ask("select a from t where a >= 250 order by a");
        d.ask("delete from t where a >= 250; select count(*) from t");
    }

    private static void pipeline(Dialogue d) throws IOException {
        FrontendMessage text = query("insert into t values (270, 'a'); select count(*) from t where a = 270");
        FrontendMessage bad = query("insert into t values (271, 'a'); select 1/0");
        d.send(text, text, bad, text).ready(4);
        d.send(text, parse("", "select count(*) from t where a = $1"), bind("", "", "270"), execute(""), sync(), text, query("select 1"), bad, query("select 2")).ready(6);
        d.send(text, flush(), text, flush(), bad, flush()).ready(3);
        d.send(text, query("begin"), text, bad, text, query("rollback"), text).ready(7);
        d.send(parse("", "select 5"), bind("", ""), execute(""), flush(), text, sync()).ready(2);
        d.send(parse("", "select 1/0"), bind("", ""), execute(""), text, sync()).ready();
        d.send(text, sync(), sync(), text).ready(4);
        d.ask("select count(*) from t where a = 270");
        d.ask("delete from t where a >= 270; delete from t where a >= 270");
    }

    private static void large(Dialogue d) throws IOException {
        d.ask("insert into t values (280, 'a'); select a, repeat('x', 1000) from generate_series(1, 2000) a; delete from t where a = 280");
        d.ask("insert into t values (281, 'a'); select repeat('y', 3000000); select 1/0");
        d.ask("insert into t values (282, repeat('" + "z".repeat(2000) + "', 10)); select length(b) from t where a = 282; delete from t where a = 282");
        d.ask("select count(*) from t");
    }

    private static void functions(Dialogue d) throws IOException {
        d.send(call(LO_UNLINK, "99999999")).ready();
        d.send(parse("", "select 6"), sync()).ready();
        d.send(call(Scripts.FUNCTION_INT4PL, "1", "2"), bind("", ""), execute(""), sync()).ready(2);
        d.send(call(Scripts.FUNCTION_INT4PL, "1", "2"), call(Scripts.FUNCTION_INT4PL, "2147483647", "2"), call(Scripts.FUNCTION_INT4PL, "3", "2"), query("select 7")).ready(4);
    }
}
