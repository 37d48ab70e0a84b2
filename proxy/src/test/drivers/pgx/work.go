package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/lib/pq"
)

func copyInAndOut() {
	c := connect()
	defer closed(c)
	rows := make([][]any, 20000)
	for i := range rows {
		rows[i] = []any{i, fmt.Sprintf("tab\t%d\n\\.", i), []byte{byte(i), 0, 255}}
	}
	n, err := c.CopyFrom(ctx, pgx.Identifier{schema, "items"}, []string{"id", "name", "body"}, pgx.CopyFromRows(rows))
	must(err)
	equal(n, 20000)
	equal(value[string](c, "select name from "+schema+".items where id = 777"), "tab\t777\n\\.")
	var out bytes.Buffer
	tag, err := c.PgConn().CopyTo(ctx, &out, "copy (select id from "+schema+".items order by id) to stdout")
	must(err)
	equal(tag.String(), "COPY 20000")
	equal(strings.Count(out.String(), "\n"), 20000)
	_, err = c.CopyFrom(ctx, pgx.Identifier{schema, "items"}, []string{"id"}, pgx.CopyFromRows([][]any{{30000}, {1}}))
	sqlState(err, "23505")
	_, err = c.PgConn().CopyFrom(ctx, strings.NewReader("no number\n"), "copy "+schema+".items (id) from stdin")
	sqlState(err, "22P02")
	equal(value[int](c, "select count(*) from "+schema+".items"), 20000)
	exec(c, "truncate "+schema+".items")
}

func transactionsWithErrorsAndSavepoints() {
	c := connect()
	defer closed(c)
	must(pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into "+schema+".items (id, name) values ($1, $2)", 1, "kept")
		must(err)
		err = pgx.BeginFunc(ctx, tx, func(inner pgx.Tx) error {
			_, err := inner.Exec(ctx, "insert into "+schema+".items (id, name) values ($1, $2)", 1, "twice")
			return err
		})
		sqlState(err, "23505")
		_, err = tx.Exec(ctx, "insert into "+schema+".items (id, name) values ($1, $2)", 2, "kept")
		return err
	}))
	equal(value[int](c, "select count(*) from "+schema+".items"), 2)
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable, AccessMode: pgx.ReadOnly})
	must(err)
	equal(value[string](tx, "show transaction_isolation"), "serializable")
	_, err = tx.Exec(ctx, "delete from "+schema+".items")
	sqlState(err, "25006")
	_, err = tx.Exec(ctx, "select 1")
	sqlState(err, "25P02")
	if err = tx.Commit(ctx); !errors.Is(err, pgx.ErrTxCommitRollback) {
		fail("commit of a failed transaction: %v", err)
	}
	equal(value[int](c, "select count(*) from "+schema+".items"), 2)
	exec(c, "truncate "+schema+".items")
}

func cancelByContext() {
	bystander := connect()
	defer closed(bystander)
	untouched := make(chan error, 1)
	go func() {
		_, err := bystander.Exec(ctx, "select pg_sleep(1)")
		untouched <- err
	}()
	// A deadline makes pgx close its connection, and the server's statement must not go on.
	c := connect()
	timeout, done := context.WithTimeout(ctx, 1500*time.Millisecond)
	since := time.Now()
	_, err := c.Exec(timeout, "select pg_sleep(300) /* left alone */")
	done()
	if err == nil || time.Since(since) > 100*time.Second {
		fail("cancel by context: %v after %v", err, time.Since(since))
	}
	// A cancel request proper.
	victim := connect()
	defer closed(victim)
	go func() {
		time.Sleep(1500 * time.Millisecond)
		_ = victim.PgConn().CancelRequest(ctx)
	}()
	execFails(victim, "57014", "select pg_sleep(300)")
	equal(value[int](victim, "select 1"), 1)
	must(<-untouched)
}

func largeValues() {
	c := connect()
	defer closed(c)
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB
	equal(bytes.Equal(value[[]byte](c, "select $1::bytea", big), big), true)
	equal(len(value[string](c, "select repeat('x', 33554432)")), 33554432)
}

func settingsStayWithTheirConnection() {
	cfg := config("cache_statement")
	cfg.RuntimeParams["application_name"] = "pgx a"
	cfg.RuntimeParams["app.start"] = "given"
	a, b, holder := connectConfig(cfg), connect(), connect()
	defer closed(a, b, holder)
	equal(value[string](a, "show app.start"), "given")
	exec(a, "set time zone 'Asia/Tokyo'")
	exec(a, "set search_path to "+schema+", public")
	exec(a, "select set_config('app.client', $1, false)", "a")
	exec(b, "set time zone 'America/Lima'")
	for range 5 {
		tx, err := holder.Begin(ctx)
		must(err)
		equal(value[int](tx, "select 1"), 1)
		equal(value[string](a, "show time zone"), "Asia/Tokyo")
		equal(value[string](b, "show time zone"), "America/Lima")
		equal(value[string](a, "select current_setting('app.client')"), "a")
		equal(value[string](a, "show application_name"), "pgx a")
		equal(value[int](a, "select count(*) from items"), 0)
		must(tx.Rollback(ctx))
	}
	equal(a.PgConn().ParameterStatus("TimeZone"), "Asia/Tokyo")
	tx, err := a.Begin(ctx)
	must(err)
	_, err = tx.Exec(ctx, "set local time zone 'UTC'")
	must(err)
	_, err = tx.Exec(ctx, "set application_name = 'undone'")
	must(err)
	must(tx.Rollback(ctx))
	equal(value[string](a, "show time zone"), "Asia/Tokyo")
	equal(value[string](a, "show application_name"), "pgx a")
	exec(a, "reset search_path")
	execFails(a, "42P01", "select count(*) from items")
}

func poolOfConnections() {
	cfg, err := pgxpool.ParseConfig("")
	must(err)
	cfg.ConnConfig = config("cache_statement")
	cfg.MaxConns = 20
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	must(err)
	defer pool.Close()
	var work sync.WaitGroup
	wrong := make(chan string, 100)
	for n := range 50 {
		work.Add(1)
		go func() {
			defer work.Done()
			defer func() {
				if r := recover(); r != nil {
					wrong <- fmt.Sprint(r)
				}
			}()
			for i := range 10 {
				must(pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
					mark := fmt.Sprintf("%d-%d", n, i)
					_, err := tx.Exec(ctx, "select set_config('app.client', $1, true)", mark)
					must(err)
					equal(value[string](tx, "select current_setting('app.client')"), mark)
					return nil
				}))
				equal(value[int](pool, "select $1::int + $2::int", n, i), n+i)
			}
		}()
	}
	work.Wait()
	close(wrong)
	for text := range wrong {
		fail("%s", text)
	}
}

func notifications() {
	c, other := connect(), connect()
	defer closed(c, other)
	exec(c, "listen pgx_channel")
	exec(other, "select pg_notify('pgx_channel', 'payload')")
	timeout, done := context.WithTimeout(ctx, 60*time.Second)
	defer done()
	got, err := c.WaitForNotification(timeout)
	must(err)
	equal(got.Payload, "payload")
	exec(c, "unlisten *")
}

func databaseSqlOverPgx() {
	useDatabaseSql(stdlib.OpenDB(*config("cache_statement")))
}

func libPq() {
	dsn := fmt.Sprintf("host=%s port=%s user=%s password=%s dbname=%s sslmode=", os.Getenv("PGHOST"), os.Getenv("PGPORT"),
		os.Getenv("PGUSER"), os.Getenv("PGPASSWORD"), os.Getenv("PGDATABASE"))
	for _, how := range []string{"disable", "disable binary_parameters=yes", "verify-full sslrootcert=" + os.Getenv("PGSSLROOTCERT")} {
		db, err := sql.Open("postgres", dsn+how)
		must(err)
		useDatabaseSql(db)
	}
	db, err := sql.Open("postgres", dsn+"disable")
	must(err)
	defer db.Close()
	tx, err := db.Begin()
	must(err)
	copying, err := tx.Prepare(pq.CopyInSchema(schema, "items", "id", "name"))
	must(err)
	for i := range 1000 {
		_, err = copying.Exec(i, fmt.Sprint("n", i))
		must(err)
	}
	_, err = copying.Exec()
	must(err)
	must(copying.Close())
	must(tx.Rollback())
}

// useDatabaseSql does what an application does through database/sql, with whichever driver, and closes it.
func useDatabaseSql(db *sql.DB) {
	defer db.Close()
	db.SetMaxOpenConns(8)
	statement, err := db.Prepare("select $1::int * 2")
	must(err)
	var work sync.WaitGroup
	wrong := make(chan string, 100)
	for n := range 20 {
		work.Add(1)
		go func() {
			defer work.Done()
			for i := range 20 {
				var got int
				if err := statement.QueryRow(n * i).Scan(&got); err != nil || got != n*i*2 {
					wrong <- fmt.Sprint(got, err)
					return
				}
			}
		}()
	}
	work.Wait()
	close(wrong)
	for text := range wrong {
		fail("%s", text)
	}
	must(statement.Close())
	tx, err := db.Begin()
	must(err)
	_, err = tx.Exec("insert into "+schema+".items (id, name) values ($1, $2)", 1, "undone")
	must(err)
	_, err = tx.Exec("savepoint s")
	must(err)
	if _, err = tx.Exec("select 1/0"); err == nil || !strings.Contains(err.Error(), "division by zero") {
		fail("expected a division by zero, got %v", err)
	}
	_, err = tx.Exec("rollback to savepoint s")
	must(err)
	must(tx.Rollback())
	var count int
	must(db.QueryRow("select count(*) from " + schema + ".items").Scan(&count))
	equal(count, 0)
	timeout, done := context.WithTimeout(ctx, 1500*time.Millisecond)
	defer done()
	if _, err = db.ExecContext(timeout, "select pg_sleep(300)"); err == nil {
		fail("the sleep was not cancelled")
	}
	must(db.QueryRow("select $1::int", 3).Scan(&count))
	equal(count, 3)
}

func tlsWithScram() {
	cfg := config("cache_statement")
	cfg.TLSConfig = tlsConfig()
	cfg.ChannelBinding = "require"
	cfg.MaxProtocolVersion = "3.2" // with the longer cancel keys, where the server has them
	c := connectConfig(cfg)
	equal(value[int](c, "select $1::int", 42), 42)
	equal(len(value[string](c, "select repeat('t', 5000000)")), 5000000)
	go func() {
		time.Sleep(1500 * time.Millisecond)
		_ = c.PgConn().CancelRequest(ctx)
	}()
	execFails(c, "57014", "select pg_sleep(300)")
	closed(c)
	cfg.Password = "wrong"
	_, err := pgx.ConnectConfig(ctx, cfg)
	sqlState(err, "28P01")
}
