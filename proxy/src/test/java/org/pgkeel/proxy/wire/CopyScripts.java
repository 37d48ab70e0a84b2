package org.pgkeel.proxy.wire;

import static org.pgkeel.proxy.wire.Dialogue.bind;
import static org.pgkeel.proxy.wire.Dialogue.data;
import static org.pgkeel.proxy.wire.Dialogue.done;
import static org.pgkeel.proxy.wire.Dialogue.execute;
import static org.pgkeel.proxy.wire.Dialogue.fail;
import static org.pgkeel.proxy.wire.Dialogue.flush;
import static org.pgkeel.proxy.wire.Dialogue.parse;
import static org.pgkeel.proxy.wire.Dialogue.query;
import static org.pgkeel.proxy.wire.Dialogue.sync;

import java.io.IOException;
import java.util.SequencedMap;
import org.pgkeel.protocol.backend.CopyInResponse;
import org.pgkeel.protocol.backend.ErrorResponse;

/// COPY in both protocols and both directions.
final class CopyScripts {
    private static final String COPY_IN = "copy t from stdin";

    /// Where a Sync stands among the data of a COPY of the simple protocol, how many answers there are depends on whether the server still takes data when it reads it.
    static final String SYNC_BEHIND_FAILURE = "copy that ends before a Sync among its data";

    private CopyScripts() {}

    static void addTo(SequencedMap<String, Dialogue.Script> scripts) {
        scripts.put("copy out", CopyScripts::copyOut);
        scripts.put("copy in by query", CopyScripts::copyIn);
        scripts.put("copy in by query, that fails", CopyScripts::copyInFails);
        scripts.put("copy in by libpq", CopyScripts::copyInByLibpq);
        scripts.put("copy in by libpq, that fails", CopyScripts::copyInByLibpqFails);
        scripts.put("copy in with data ahead", CopyScripts::copyInAhead);
        scripts.put("copy in a transaction", CopyScripts::copyInTransaction);
        scripts.put("copy of many statements", CopyScripts::copyOfManyStatements);
        scripts.put("copy that ends before its data", CopyScripts::copyEndsEarly);
        scripts.put(SYNC_BEHIND_FAILURE, CopyScripts::copyEndsBeforeSync);
        scripts.put("copy whose rows are refused", CopyScripts::copyRefused);
        scripts.put("copy that fails at its commit", CopyScripts::copyFailsAtCommit);
    }

    private static void copyOut(Dialogue d) throws IOException {
        d.ask("copy t to stdout");
        d.ask("copy empty to stdout");
        d.ask("copy (select 1/a from (values (1), (0)) v(a)) to stdout");
        d.ask("copy nosuch to stdout");
        for (int i = 0; i < 2; i++) d.send(parse("", "copy t to stdout"), bind("", ""), execute(""), sync()).ready();
        d.send(parse("", "copy t to stdout"), bind("", ""), execute(""), parse("", "select 1"), bind("", ""), execute(""), sync()).ready();
        d.ask("copy (select a, repeat('x', 3000) from generate_series(1, 40) a) to stdout");
        d.ask("copy t to stdout; select 1; copy t to stdout");
    }

    private static void copyIn(Dialogue d) throws IOException {
        d.send(query(COPY_IN)).until(CopyInResponse.class);
        d.send(data("100\tone\n"), data("101\t"), data("two\n"), done()).ready();
        d.send(query(COPY_IN)).until(CopyInResponse.class);
        d.send(done()).ready();
        d.send(query(COPY_IN)).until(CopyInResponse.class);
        d.send(data("102\tx\n"), fail("no more")).ready();
        d.send(query(COPY_IN)).until(CopyInResponse.class);
        d.send(data("102\tx\n"), flush(), sync(), data("103\ty\n"), done(), query("select count(*) from t where a >= 100")).ready(2);
        d.ask("select count(*) from t where a >= 100");
        d.send(data("too late"), done(), fail("late"), query("select 1")).ready();
        d.ask("delete from t where a >= 100");
    }

    private static void copyInFails(Dialogue d) throws IOException {
        d.send(query(COPY_IN)).until(CopyInResponse.class);
        d.send(data("bad\n")).until(ErrorResponse.class);
        d.send(data("100\tx\n"), data("101\ty\n"), done()).ready();
        d.ask("select 1");
        d.send(query(COPY_IN)).until(CopyInResponse.class);
        d.send(data("bad\n"), data("1\t1\n".repeat(3000)), done(), query("select 2")).ready(2);
        d.ask("begin");
        d.send(query(COPY_IN)).until(CopyInResponse.class);
        d.send(data("bad\n")).ready();
        d.send(data("more\n"), done()).ask("select 3");
        d.ask("rollback");
        d.send(parse("", COPY_IN), bind("", ""), execute(""), sync()).until(CopyInResponse.class);
        d.send(data("104\tafter\n"), done(), sync()).ready();
        d.ask("copy nosuch from stdin");
        d.send(query(COPY_IN), data("105\tx\n"), done(), query("delete from t where a >= 100")).ready(2);
    }

    private static void copyInByLibpq(Dialogue d) throws IOException {
        for (int i = 0; i < 3; i++) {
            d.send(parse("", COPY_IN), bind("", ""), execute(""), sync()).until(CopyInResponse.class);
            d.send(data("110\tx\n"), data("111\ty\n"), done(), sync()).ready();
            d.send(parse("", COPY_IN), bind("", ""), execute(""), sync()).until(CopyInResponse.class);
            d.send(done(), sync()).ready();
            d.send(parse("", COPY_IN), bind("", ""), execute(""), sync()).until(CopyInResponse.class);
            d.send(data("112\tx\n"), fail("no more"), sync()).ready();
            d.ask("select count(*) from t where a >= 110");
        }
        d.send(parse("cp", COPY_IN), sync()).ready();
        d.send(bind("", "cp"), execute(""), flush()).until(CopyInResponse.class);
        d.send(data("113\tz\n"), done(), sync()).ready();
        d.ask("delete from t where a >= 110");
        d.ask("deallocate cp");
    }

    private static void copyInByLibpqFails(Dialogue d) throws IOException {
        for (int i = 0; i < 2; i++) {
            d.send(parse("", COPY_IN), bind("", ""), execute(""), sync()).until(CopyInResponse.class);
            d.send(data("bad\n")).until(ErrorResponse.class);
            d.send(data("120\tx\n"), done(), sync()).ready();
            d.send(parse("", COPY_IN), bind("", ""), execute(""), sync()).until(CopyInResponse.class);
            d.send(data("bad\n"), data("121\tx\n"), done(), sync()).ready();
            d.ask("select 1");
            d.ask("begin");
            d.send(parse("", COPY_IN), bind("", ""), execute(""), sync()).until(CopyInResponse.class);
            d.send(data("bad\n"), data("x\n".repeat(2000)), done(), sync()).ready();
            d.ask("select 1");
            d.ask("rollback");
            d.send(parse("", "copy nosuch from stdin"), bind("", ""), execute(""), sync()).ready();
        }
    }

    private static void copyInAhead(Dialogue d) throws IOException {
        d.send(query(COPY_IN), data("130\tx\n"), done()).ready();
        d.send(query(COPY_IN), data("131\tx\n"), done(), query("select 1"), query(COPY_IN), data("132\tx\n"), done()).ready(3);
        for (int i = 0; i < 2; i++) {
            d.send(parse("", COPY_IN), bind("", ""), execute(""), sync(), data("133\tx\n"), done(), sync()).ready();
            d.send(parse("", COPY_IN), bind("", ""), execute(""), data("134\tx\n"), done(), sync()).ready();
            d.send(parse("", COPY_IN), bind("", ""), execute(""), data("135\tx\n"), done(), sync(), parse("", "select 5"), bind("", ""), execute(""), sync()).ready(2);
            d.send(parse("", COPY_IN), bind("", ""), execute(""), sync(), data("bad\n"), data("136\tx\n"), done(), sync()).ready();
            d.send(parse("", "copy nosuch from stdin"), bind("", ""), execute(""), sync(), data("137\tx\n"), done(), sync()).ready(2);
        }
        d.ask("select a from t where a >= 130 order by a");
        d.ask("delete from t where a >= 130");
    }

    private static void copyInTransaction(Dialogue d) throws IOException {
        d.ask("begin");
        d.send(query(COPY_IN)).until(CopyInResponse.class);
        d.send(data("140\tx\n"), done()).ready();
        d.send(parse("", COPY_IN), bind("", ""), execute(""), sync()).until(CopyInResponse.class);
        d.send(data("141\tx\n"), done(), sync()).ready();
        d.send(parse("", COPY_IN), bind("", ""), execute(""), sync()).until(CopyInResponse.class);
        d.send(data("142\tx\n"), done(), sync()).ready();
        d.ask("select count(*) from t where a >= 140");
        d.ask("rollback");
        d.ask("select count(*) from t where a >= 140");
    }

    private static void copyOfManyStatements(Dialogue d) throws IOException {
        d.send(query("select 1; copy t from stdin; select 2; copy t from stdin; select 3")).until(CopyInResponse.class);
        d.send(data("150\tx\n"), done()).until(CopyInResponse.class);
        d.send(data("151\tx\n"), done()).ready();
        d.send(query("copy t from stdin; copy t from stdin; set work_mem = '20MB'"), data("152\tx\n"), done(), data("153\tx\n"), done()).ready();
        d.ask("show work_mem");
        d.ask("reset work_mem");
        d.send(parse("", "insert into t values (154, 'x') returning a"), bind("", ""), execute(""), parse("", COPY_IN), bind("", ""), execute(""), sync()).until(CopyInResponse.class);
        d.send(data("155\tx\n"), done(), sync()).ready();
        d.ask("select count(*) from t where a >= 150");
        d.ask("delete from t where a >= 150");
    }

    private static void copyEndsBeforeSync(Dialogue d) throws IOException {
        d.ask("create function never() returns trigger language plpgsql as $$ begin raise exception 'never'; end $$");
        d.ask("create trigger never before insert on empty for each statement execute function never()");
        for (int i = 0; i < 2; i++) d.send(query("copy empty from stdin"), data("1\n"), sync(), done(), query("select 6")).ready(3);
        d.ask("drop trigger never on empty");
    }

    /// By constraints and by a trigger, which has something to say; in the middle of a large message, too.
    private static void copyRefused(Dialogue d) throws IOException {
        d.ask("create table refusing (a int primary key, b text not null check (b <> 'no'), g int generated always as (a * 2) stored)");
        d.ask("create function speak() returns trigger language plpgsql as $$ begin raise notice 'row %', new.a; return new; end $$");
        d.ask("create trigger speak before insert on refusing for each row execute function speak()");
        d.ask("set client_min_messages = notice");
        for (String rows : new String[] {"1\tx\n", "2\ty\n1\tz\n", "3\t\\N\n", "4\tno\n", "5\n", "6\tx\ty\n", "99999999999\tx\n", "\\.\n"}) {
            d.send(query("copy refusing (a, b) from stdin")).until(CopyInResponse.class);
            d.send(data(rows), done()).ready();
        }
        d.ask("set client_min_messages = warning");
        d.send(query("copy refusing (a, b) from stdin")).until(CopyInResponse.class);
        d.send(data("7\tx\nbad\n" + "8\ty\n".repeat(20_000)), data("9\tx\n"), done(), query("select count(*) from refusing")).ready(2);
        d.send(query("copy refusing (a, b) from stdin"), data("bad\n" + "8\ty\n".repeat(20_000)), fail("enough"), query("select count(*) from refusing")).ready(2);
        d.ask("copy refusing (a, g) from stdin");
        d.ask("copy refusing from stdin with (format nosuch)");
        d.ask("copy refusing from '/nosuch/file'");
        d.ask("copy refusing from stdin where a = $1");
        d.send(query("copy refusing (a, b) from stdin with (freeze)")).until(CopyInResponse.class);
        d.send(data("7\tx\n"), done()).ready();
        d.send(query("copy refusing (a, b) from stdin with (delimiter '$', format csv)"), data("10$x\n"), done()).ready();
        d.send(query("copy binary refusing from stdin"), data("PGCOPY\n"), done()).ready();
        d.ask("select a, b from refusing order by a");
        d.ask("reset client_min_messages");
        d.ask("drop table refusing");
    }

    private static void copyFailsAtCommit(Dialogue d) throws IOException {
        d.ask("create table referred (a int primary key)");
        d.ask("create table referring (a int references referred deferrable initially deferred)");
        for (int i = 0; i < 2; i++) {
            d.send(query("copy referring from stdin")).until(CopyInResponse.class);
            d.send(data("1\n"), done()).ready();
            d.send(query("copy referring from stdin"), data("1\n"), done(), query("select count(*) from referring")).ready(2);
            d.ask("insert into referring values (1)");
        }
        d.send(parse("", "copy referring from stdin"), bind("", ""), execute(""), sync()).until(CopyInResponse.class);
        d.send(data("1\n"), done(), sync()).ready();
        d.ask("insert into referred values (1)");
        d.ask("create function says() returns trigger language plpgsql as $$ begin raise notice 'at commit'; return null; end $$");
        d.ask("create constraint trigger says after insert on referring deferrable initially deferred for each row execute function says()");
        d.send(query("copy referring from stdin")).until(CopyInResponse.class);
        d.send(data("1\n"), done()).ready();
        d.ask("drop trigger says on referring; drop function says()");
        d.send(query("copy referring from stdin"), data("1\n"), done(), query("select count(*) from referring")).ready(2);
        d.ask("drop table referring; drop table referred");
    }

    /// A trigger fails before the first byte of data is read: the Sync ahead of the data is still to be answered.
    private static void copyEndsEarly(Dialogue d) throws IOException {
        d.ask("create function never() returns trigger language plpgsql as $$ begin raise exception 'never'; end $$");
        d.ask("create trigger never before insert on empty for each statement execute function never()");
        for (int i = 0; i < 2; i++) {
            d.send(query("copy empty from stdin")).ready();
            d.send(data("1\n"), done()).ask("select 1");
            d.send(parse("", "copy empty from stdin"), bind("", ""), execute(""), sync()).ready();
            d.send(data("1\n"), done(), sync()).ready();
            d.ask("select 2");
            // All of it is on its way before the server says no: it answers both Syncs, though it would ignore the first if it took the data.
            d.send(parse("", "copy empty from stdin"), bind("", ""), execute(""), sync(), data("1\n"), done(), sync()).ready(2);
            d.ask("select 3");
            d.send(parse("", "copy empty from stdin"), bind("", ""), execute(""), sync(), data("1\n"), done(), sync(), query("select 4")).ready(3);
            d.send(parse("", "copy empty from stdin"), bind("", ""), execute(""), sync(), data("1\n"), done(), sync(), sync(), parse("", "select 5"), bind("", ""), execute(""), sync()).ready(4);
            d.ask("begin");
            d.send(parse("", "copy empty from stdin"), bind("", ""), execute(""), sync(), data("1\n"), done(), sync()).ready(2);
            d.ask("select 7");
            d.ask("rollback");
            d.ask("select 8");
        }
        d.ask("drop trigger never on empty");
    }
}
