package main

import (
	"bytes"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var execModes = []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"}

func typesRoundTripInEveryExecMode() {
	for _, mode := range execModes {
		c := connectConfig(config(mode))
		equal(value[bool](c, "select $1::bool", true), true)
		equal(value[int16](c, "select $1::int2", int16(math.MinInt16)), math.MinInt16)
		equal(value[int32](c, "select $1::int4", int32(math.MaxInt32)), math.MaxInt32)
		equal(value[int64](c, "select $1::int8", int64(math.MinInt64)), math.MinInt64)
		equal(value[float64](c, "select $1::float8", 1.5e300), 1.5e300)
		equal(value[string](c, "select $1::text", "žluťoučký 🐘 \\ ' \""), "žluťoučký 🐘 \\ ' \"")
		equal(value[string](c, "select $1::text", ""), "")
		equal(value[*string](c, "select $1::text", nil), nil)
		equal(value[string](c, "select $1::numeric::text", "-12345678901234567890.123456789"), "-12345678901234567890.123456789")
		equal(value[string](c, "select $1::uuid::text", "12345678-1234-5678-1234-567812345678"), "12345678-1234-5678-1234-567812345678")
		at := time.Date(2024, 2, 29, 12, 0, 0, 999999000, time.UTC)
		equal(value[time.Time](c, "select $1::timestamptz", at).UTC(), at)
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		equal(bytes.Equal(value[[]byte](c, "select $1::bytea", all), all), true)
		equal(fmt.Sprint(value[[]int32](c, "select $1::int4[]", []int32{1, 2, 3})), "[1 2 3]")
		equal(fmt.Sprint(value[map[string]any](c, `select '{"a": [1, null]}'::jsonb`)), "map[a:[1 <nil>]]")
		rows, err := c.Query(ctx, "select n, 'row ' || n from generate_series(1, $1::int) n", 500)
		must(err)
		count := 0
		for rows.Next() {
			var n int
			var text string
			must(rows.Scan(&n, &text))
			count++
			equal(text, fmt.Sprintf("row %d", count))
		}
		must(rows.Err())
		equal(count, 500)
		execFails(c, "22012", "select 1 / $1::int", 0)
		execFails(c, "42P01", "select * from no_such_table")
		equal(value[int](c, "select 1"), 1)
		closed(c)
	}
}

func statementsOfEqualNameAndDifferentTexts() {
	var work sync.WaitGroup
	wrong := make(chan string, 100)
	for n := range 8 {
		work.Add(1)
		go func() {
			defer work.Done()
			defer func() {
				if r := recover(); r != nil {
					wrong <- fmt.Sprint(r)
				}
			}()
			c := connect()
			defer closed(c)
			_, err := c.Prepare(ctx, "same_name", fmt.Sprintf("select %d as connection, $1::int * %d", n, n+1))
			must(err)
			for i := range 100 {
				var connection, product int
				must(c.QueryRow(ctx, "same_name", i).Scan(&connection, &product))
				equal(connection, n)
				equal(product, i*(n+1))
				equal(value[string](c, fmt.Sprintf("select $1::text || '%d'", n), "of "), fmt.Sprintf("of %d", n))
			}
			must(c.Deallocate(ctx, "same_name"))
			_, err = c.Prepare(ctx, "same_name", "select $1::text || ' anew'")
			must(err)
			equal(value[string](c, "same_name", "prepared"), "prepared anew")
			must(c.DeallocateAll(ctx))
			equal(value[int](c, "select $1::int", n), n)
		}()
	}
	work.Wait()
	close(wrong)
	for text := range wrong {
		fail("%s", text)
	}
}

func moreStatementsThanTheCacheHolds() {
	cfg := config("cache_statement")
	cfg.StatementCacheCapacity = 5
	c := connectConfig(cfg)
	defer closed(c)
	for turn := range 3 {
		for n := range 30 {
			equal(value[int](c, fmt.Sprintf("select $1::int + %d", n), turn), turn+n)
		}
	}
}

func cachedStatementSurvivesDdl() {
	c, other := connect(), connect()
	defer closed(c, other)
	exec(c, "create table "+schema+".ddl (a int)")
	exec(c, "insert into "+schema+".ddl values (1)")
	for range 8 {
		equal(value[int](c, "select * from "+schema+".ddl where a = $1", 1), 1)
	}
	exec(other, "alter table "+schema+".ddl add b text default 'new'")
	// pgx drops a statement whose plan changed and reports the first such error: the second try must succeed.
	var a int
	var b string
	if err := c.QueryRow(ctx, "select * from "+schema+".ddl where a = $1", 1).Scan(&a, &b); err != nil {
		must(c.QueryRow(ctx, "select * from "+schema+".ddl where a = $1", 1).Scan(&a, &b))
	}
	equal(b, "new")
}

func batchesInEveryExecMode() {
	for _, mode := range execModes {
		c := connectConfig(config(mode))
		exec(c, "truncate "+schema+".items")
		batch := &pgx.Batch{}
		for i := range 500 {
			batch.Queue("insert into "+schema+".items (id, name) values ($1, $2)", i, fmt.Sprint("n", i))
		}
		batch.Queue("select count(*), sum(id) from " + schema + ".items").QueryRow(func(row pgx.Row) error {
			var count, sum int
			must(row.Scan(&count, &sum))
			equal(count, 500)
			equal(sum, 124750)
			return nil
		})
		must(c.SendBatch(ctx, batch).Close())
		failing := &pgx.Batch{}
		failing.Queue("insert into "+schema+".items (id) values ($1)", 1000)
		failing.Queue("insert into "+schema+".items (id) values ($1)", 0)
		failing.Queue("insert into "+schema+".items (id) values ($1)", 1001)
		equal(sqlState(c.SendBatch(ctx, failing).Close(), "23505").ConstraintName, "items_pkey")
		equal(value[int](c, "select count(*) from "+schema+".items"), 500)
		exec(c, "truncate "+schema+".items")
		closed(c)
	}
}

func pipelineOfTheLowLevelApi() {
	c := connect()
	defer closed(c)
	pipeline := c.PgConn().StartPipeline(ctx)
	for i := range 50 {
		pipeline.SendQueryParams("select 100 / $1::int", [][]byte{[]byte(fmt.Sprint(i % 5))}, nil, nil, nil)
		pipeline.SendPipelineSync()
	}
	must(pipeline.Flush())
	for i := range 50 {
		results, err := pipeline.GetResults()
		if err == nil {
			read := results.(*pgconn.ResultReader).Read()
			err = read.Err
			if err == nil {
				equal(string(read.Rows[0][0]), fmt.Sprint(100/(i%5)))
			}
		}
		if i%5 == 0 {
			sqlState(err, "22012")
		} else {
			must(err)
		}
		results, err = pipeline.GetResults()
		must(err)
		if _, synced := results.(*pgconn.PipelineSync); !synced {
			fail("expected the end of unit %d, got %T", i, results)
		}
	}
	must(pipeline.Close())
	equal(value[int](c, "select 1"), 1)
}
