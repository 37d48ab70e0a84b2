// pgx v5 (native and database/sql) and lib/pq against a PostgreSQL port: one function per behaviour,
// the first failure ends the run.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const schema = "pgx_suite"

var ctx = context.Background()

type failure struct{ text string }

func (f failure) Error() string { return f.text }

func fail(format string, args ...any) { panic(failure{fmt.Sprintf(format, args...)}) }

func must(err error) {
	if err != nil {
		fail("unexpected: %v", err)
	}
}

func equal[T comparable](actual, expected T) {
	if actual != expected {
		fail("expected %v, got %v", expected, actual)
	}
}

// sqlState wants an error of PostgreSQL with this code.
func sqlState(err error, code string) *pgconn.PgError {
	var pgError *pgconn.PgError
	if !errors.As(err, &pgError) || pgError.Code != code {
		fail("expected SQLSTATE %s, got %v", code, err)
	}
	return pgError
}

func config(mode string) *pgx.ConnConfig {
	c, err := pgx.ParseConfig(fmt.Sprintf("host=%s port=%s user=%s password=%s dbname=%s sslmode=disable connect_timeout=60 default_query_exec_mode=%s",
		os.Getenv("PGHOST"), os.Getenv("PGPORT"), os.Getenv("PGUSER"), os.Getenv("PGPASSWORD"), os.Getenv("PGDATABASE"), mode))
	must(err)
	return c
}

func tlsConfig() *tls.Config {
	pem, err := os.ReadFile(os.Getenv("PGSSLROOTCERT"))
	must(err)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		fail("no certificate in %s", os.Getenv("PGSSLROOTCERT"))
	}
	return &tls.Config{RootCAs: roots, ServerName: os.Getenv("PGHOST")}
}

func connectConfig(c *pgx.ConnConfig) *pgx.Conn {
	conn, err := pgx.ConnectConfig(ctx, c)
	must(err)
	return conn
}

func connect() *pgx.Conn { return connectConfig(config("cache_statement")) }

func closed(conns ...*pgx.Conn) {
	for _, c := range conns {
		must(c.Close(ctx))
	}
}

type queryer interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}

func value[T any](q queryer, sql string, args ...any) T {
	var v T
	must(q.QueryRow(ctx, sql, args...).Scan(&v))
	return v
}

func exec(c *pgx.Conn, sql string, args ...any) pgconn.CommandTag {
	tag, err := c.Exec(ctx, sql, args...)
	must(err)
	return tag
}

func execFails(c *pgx.Conn, code, sql string, args ...any) *pgconn.PgError {
	_, err := c.Exec(ctx, sql, args...)
	return sqlState(err, code)
}

func prepareSchema() {
	c := connect()
	defer closed(c)
	exec(c, "drop schema if exists "+schema+" cascade")
	exec(c, "create schema "+schema)
	exec(c, "create table "+schema+".items (id int primary key, name text, amount numeric, at timestamptz, body bytea)")
}

func main() {
	for _, name := range []string{"PGSSLMODE", "PGCHANNELBINDING"} {
		os.Unsetenv(name)
	}
	checks := []struct {
		name string
		run  func()
	}{
		{"prepareSchema", prepareSchema},
		{"typesRoundTripInEveryExecMode", typesRoundTripInEveryExecMode},
		{"statementsOfEqualNameAndDifferentTexts", statementsOfEqualNameAndDifferentTexts},
		{"moreStatementsThanTheCacheHolds", moreStatementsThanTheCacheHolds},
		{"cachedStatementSurvivesDdl", cachedStatementSurvivesDdl},
		{"batchesInEveryExecMode", batchesInEveryExecMode},
		{"pipelineOfTheLowLevelApi", pipelineOfTheLowLevelApi},
		{"copyInAndOut", copyInAndOut},
		{"transactionsWithErrorsAndSavepoints", transactionsWithErrorsAndSavepoints},
		{"cancelByContext", cancelByContext},
		{"largeValues", largeValues},
		{"settingsStayWithTheirConnection", settingsStayWithTheirConnection},
		{"poolOfConnections", poolOfConnections},
		{"notifications", notifications},
		{"databaseSqlOverPgx", databaseSqlOverPgx},
		{"libPq", libPq},
		{"tlsWithScram", tlsWithScram},
		{"leaveNothingBehind", leaveNothingBehind},
	}
	for _, check := range checks {
		since := time.Now()
		func() {
			defer func() {
				if r := recover(); r != nil {
					fmt.Println("FAILED " + check.name)
					if f, ours := r.(failure); ours {
						fmt.Println(f.text)
						panic(r)
					}
					panic(r)
				}
			}()
			check.run()
		}()
		fmt.Println("ok " + check.name + " (" + strconv.FormatInt(time.Since(since).Milliseconds(), 10) + " ms)")
	}
}

func leaveNothingBehind() {
	c := connect()
	defer closed(c)
	exec(c, "drop schema "+schema+" cascade")
}
