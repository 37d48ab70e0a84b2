//! tokio-postgres against a PostgreSQL port: one function per behaviour, the first failure ends the run.
use std::env;
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};
use futures_util::{SinkExt, StreamExt, TryStreamExt, pin_mut, stream};
use tokio_postgres::binary_copy::{BinaryCopyInWriter, BinaryCopyOutStream};
use tokio_postgres::config::{ChannelBinding, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

const SCHEMA: &str = "rust_suite";

type Checked = Result<(), Box<dyn Error + Send + Sync>>;

fn config() -> Config {
    let of = |name: &str| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let mut config = Config::new();
    config
        .host(of("PGHOST"))
        .port(of("PGPORT").parse().expect("a port"))
        .user(of("PGUSER"))
        .password(of("PGPASSWORD"))
        .dbname(of("PGDATABASE"))
        .ssl_mode(SslMode::Disable)
        .connect_timeout(Duration::from_secs(60));
    config
}

async fn connect_with(config: &Config) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn connect() -> Client {
    connect_with(&config()).await.expect("connect")
}

fn fails<T>(result: Result<T, tokio_postgres::Error>, code: &SqlState) {
    match result {
        Ok(_) => panic!("expected {code:?}, got a success"),
        Err(error) => assert_eq!(error.code(), Some(code), "{error:?}"),
    }
}

async fn prepare_schema() -> Checked {
    let c = connect().await;
    c.batch_execute(&format!(
        "drop schema if exists {SCHEMA} cascade; create schema {SCHEMA};
         create table {SCHEMA}.items (id int primary key, name text, body bytea)"
    ))
    .await?;
    Ok(())
}

async fn types_round_trip() -> Checked {
    let c = connect().await;
    macro_rules! round_trip {
        ($sql:literal, $type:ty, $value:expr) => {
            let value: $type = $value;
            let got: $type = c.query_one($sql, &[&value]).await?.get(0);
            assert_eq!(got, value, $sql);
        };
    }
    round_trip!("select $1::bool", bool, true);
    round_trip!("select $1::\"char\"", i8, 65);
    round_trip!("select $1::int2", i16, i16::MIN);
    round_trip!("select $1::int4", i32, i32::MAX);
    round_trip!("select $1::int8", i64, i64::MIN);
    round_trip!("select $1::oid", u32, u32::MAX);
    round_trip!("select $1::float4", f32, 0.25);
    round_trip!("select $1::float8", f64, 1.5e300);
    round_trip!("select $1::text", String, "žluťoučký 🐘 \\ ' \"".into());
    round_trip!("select $1::text", Option<String>, None);
    round_trip!("select $1::varchar", String, String::new());
    round_trip!("select $1::bytea", Vec<u8>, (0..=255).collect());
    round_trip!("select $1::timestamptz", SystemTime, SystemTime::UNIX_EPOCH + Duration::from_micros(1709208000999999));
    round_trip!("select $1::int4[]", Vec<Option<i32>>, vec![Some(1), None, Some(3)]);
    round_trip!("select $1::text[]", Vec<String>, vec!["a,b".into(), "\"q\"".into()]);
    let messages = c.simple_query("select 1 as a; select 'two'; create temp table t (a int); drop table t").await?;
    let rows: Vec<_> = messages
        .iter()
        .filter_map(|m| if let SimpleQueryMessage::Row(row) = m { row.get(0) } else { None })
        .collect();
    assert_eq!(rows, ["1", "two"]);
    // A type that the driver must look up in the catalogue before it can answer.
    c.batch_execute(&format!("create type {SCHEMA}.mood as enum ('sad', 'ok')")).await?;
    let statement = c.prepare(&format!("select $1::{SCHEMA}.mood")).await?;
    assert_eq!(statement.params()[0].name(), "mood");
    Ok(())
}

/// tokio-postgres counts its statements s0, s1, ... per process, so names differ there; SQL PREPARE makes them equal.
async fn prepared_statements() -> Checked {
    try_join_all((0..8).map(|n: i32| {
        tokio::spawn(async move {
            let c = connect().await;
            c.batch_execute(&format!("prepare same_name (int) as select $1 * {}, 'text of {n}'", n + 1)).await.unwrap();
            let statement = c.prepare(&format!("select {n} as connection, $1::int * {}", n + 1)).await.unwrap();
            let typed = c.prepare_typed("select $1", &[Type::INT8]).await.unwrap();
            for i in 0..60 {
                let row = c.query_one(&statement, &[&i]).await.unwrap();
                assert_eq!((row.get::<_, i32>(0), row.get::<_, i32>(1)), (n, i * (n + 1)));
                assert_eq!(c.query_one(&typed, &[&(i as i64)]).await.unwrap().get::<_, i64>(0), i as i64);
                let told = c.simple_query(&format!("execute same_name ({i})")).await.unwrap();
                let row = told.iter().find_map(|m| if let SimpleQueryMessage::Row(row) = m { Some(row) } else { None }).unwrap();
                assert_eq!((row.get(0), row.get(1)), (Some((i * (n + 1)).to_string().as_str()), Some(format!("text of {n}").as_str())));
            }
            drop(statement); // closes it on the server
            c.batch_execute("deallocate same_name").await.unwrap();
            fails(c.batch_execute("execute same_name (1)").await, &SqlState::INVALID_SQL_STATEMENT_NAME);
        })
    }))
    .await?;
    Ok(())
}

async fn pipelined_queries() -> Checked {
    let c = connect().await;
    let statement = c.prepare("select 100 / ($1::int % 10)").await?;
    // Futures polled together are sent without waiting for one another: each has its own Sync.
    let answers = join_all((0..300).map(|i: i32| {
        let (c, statement) = (&c, &statement);
        async move { c.query_one(statement, &[&i]).await.map(|row| row.get::<_, i32>(0)) }
    }))
    .await;
    for (i, answer) in answers.into_iter().enumerate() {
        if i % 10 == 0 {
            fails(answer, &SqlState::DIVISION_BY_ZERO);
        } else {
            assert_eq!(answer?, 100 / (i as i32 % 10));
        }
    }
    Ok(())
}

async fn copy_in_and_out() -> Checked {
    let c = connect().await;
    let sink = c.copy_in(&format!("copy {SCHEMA}.items (id, name) from stdin")).await?;
    pin_mut!(sink);
    let mut lines = stream::iter((0..20000).map(|i| Ok::<_, tokio_postgres::Error>(Bytes::from(format!("{i}\tname {i}\n")))));
    sink.send_all(&mut lines).await?;
    assert_eq!(sink.finish().await?, 20000);
    let out: Vec<Bytes> = c.copy_out(&format!("copy (select id, name from {SCHEMA}.items order by id) to stdout")).await?.try_collect().await?;
    assert_eq!(out.concat().iter().filter(|b| **b == b'\n').count(), 20000);
    c.batch_execute(&format!("truncate {SCHEMA}.items")).await?;

    let sink = c.copy_in(&format!("copy {SCHEMA}.items (id, name, body) from stdin (format binary)")).await?;
    let writer = BinaryCopyInWriter::new(sink, &[Type::INT4, Type::TEXT, Type::BYTEA]);
    pin_mut!(writer);
    for i in 0..1000i32 {
        writer.as_mut().write(&[&i, &format!("b{i}"), &vec![i as u8; 10]]).await?;
    }
    assert_eq!(writer.finish().await?, 1000);
    let out = c.copy_out(&format!("copy (select id, name from {SCHEMA}.items order by id) to stdout (format binary)")).await?;
    let rows = BinaryCopyOutStream::new(out, &[Type::INT4, Type::TEXT]);
    pin_mut!(rows);
    let mut expected = 0;
    while let Some(row) = rows.next().await {
        let row = row?;
        assert_eq!((row.get::<i32>(0), row.get::<&str>(1)), (expected, format!("b{expected}").as_str()));
        expected += 1;
    }
    assert_eq!(expected, 1000);

    let sink = c.copy_in(&format!("copy {SCHEMA}.items (id) from stdin")).await?;
    pin_mut!(sink);
    sink.send(Bytes::from_static(b"no number\n")).await?;
    fails(sink.finish().await, &SqlState::INVALID_TEXT_REPRESENTATION);
    {
        let given_up = c.copy_in::<_, Bytes>(&format!("copy {SCHEMA}.items (id) from stdin")).await?;
        pin_mut!(given_up);
        given_up.send(Bytes::from_static(b"5000\n")).await?;
    } // dropped without finish: CopyFail
    assert_eq!(c.query_one(&format!("select count(*) from {SCHEMA}.items"), &[]).await?.get::<_, i64>(0), 1000);
    c.batch_execute(&format!("truncate {SCHEMA}.items")).await?;
    Ok(())
}

async fn portals_in_a_transaction() -> Checked {
    let mut c = connect().await;
    let tx = c.transaction().await?;
    let portal = tx.bind("select generate_series(1, 1000)", &[]).await?;
    let mut seen = Vec::new();
    loop {
        let rows = tx.query_portal(&portal, 99).await?;
        if rows.is_empty() {
            break;
        }
        assert_eq!(tx.query_one("select 7", &[]).await?.get::<_, i32>(0), 7);
        seen.extend(rows.iter().map(|row| row.get::<_, i32>(0)));
    }
    assert_eq!(seen, (1..=1000).collect::<Vec<_>>());
    tx.commit().await?;
    Ok(())
}

async fn transactions_with_errors_and_savepoints() -> Checked {
    let mut c = connect().await;
    let insert = format!("insert into {SCHEMA}.items (id, name) values ($1, $2)");
    let mut tx = c.transaction().await?;
    tx.execute(&insert, &[&1, &"kept"]).await?;
    let savepoint = tx.savepoint("s").await?;
    let error = savepoint.execute(&insert, &[&1, &"twice"]).await.unwrap_err();
    assert_eq!(error.as_db_error().and_then(|e| e.constraint()), Some("items_pkey"));
    fails(savepoint.query("select 1", &[]).await, &SqlState::IN_FAILED_SQL_TRANSACTION);
    savepoint.rollback().await?;
    tx.execute(&insert, &[&2, &"kept"]).await?;
    tx.commit().await?;
    {
        let dropped = c.transaction().await?;
        dropped.execute(&insert, &[&3, &"undone"]).await?;
    } // dropped without commit: ROLLBACK
    assert_eq!(c.query_one(&format!("select count(*) from {SCHEMA}.items"), &[]).await?.get::<_, i64>(0), 2);
    let tx = c.build_transaction().isolation_level(tokio_postgres::IsolationLevel::Serializable).read_only(true).start().await?;
    fails(tx.execute(&insert, &[&4, &"refused"]).await, &SqlState::READ_ONLY_SQL_TRANSACTION);
    tx.rollback().await?;
    c.batch_execute(&format!("truncate {SCHEMA}.items")).await?;
    Ok(())
}

async fn cancel_of_a_sleeping_statement() -> Checked {
    let (victim, bystander) = (connect().await, connect().await);
    let token = victim.cancel_token();
    let canceller = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        token.cancel_query(NoTls).await
    });
    let since = Instant::now();
    let (cancelled, untouched) = tokio::join!(victim.query("select pg_sleep(300)", &[]), bystander.query("select pg_sleep(1)", &[]));
    fails(cancelled, &SqlState::QUERY_CANCELED);
    assert_eq!(untouched?.len(), 1);
    assert!(since.elapsed() < Duration::from_secs(100), "the cancel came late");
    canceller.await??;
    assert_eq!(victim.query_one("select 1", &[]).await?.get::<_, i32>(0), 1);
    Ok(())
}

async fn large_values() -> Checked {
    let c = connect().await;
    let big: Vec<u8> = (0..16 << 20).map(|i| i as u8).collect();
    assert!(c.query_one("select $1::bytea", &[&big]).await?.get::<_, &[u8]>(0) == big.as_slice());
    assert_eq!(c.query_one("select repeat('x', 33554432)", &[]).await?.get::<_, &str>(0).len(), 33554432);
    Ok(())
}

async fn settings_stay_with_their_connection() -> Checked {
    let mut config = config();
    config.application_name("rust a").options("-c app.start=given");
    let (a, b, mut holder) = (connect_with(&config).await?, connect().await, connect().await);
    let show = async |c: &Client, sql: &str| -> String { c.query_one(sql, &[]).await.unwrap().get(0) };
    a.batch_execute(&format!("set time zone 'Asia/Tokyo'; set search_path to {SCHEMA}, public")).await?;
    a.query("select set_config('app.client', $1, false)", &[&"a"]).await?;
    b.batch_execute("set time zone 'America/Lima'").await?;
    for _ in 0..5 {
        let tx = holder.transaction().await?;
        tx.query("select 1", &[]).await?;
        assert_eq!(show(&a, "show time zone").await, "Asia/Tokyo");
        assert_eq!(show(&b, "show time zone").await, "America/Lima");
        assert_eq!(show(&a, "select current_setting('app.client')").await, "a");
        assert_eq!(show(&a, "show application_name").await, "rust a");
        assert_eq!(show(&a, "show app.start").await, "given");
        a.query("select count(*) from items", &[]).await?;
        tx.commit().await?;
    }
    a.batch_execute("begin; set local time zone 'UTC'; set application_name = 'undone'").await?;
    assert_eq!(show(&a, "show time zone").await, "UTC");
    a.batch_execute("rollback").await?;
    assert_eq!(show(&a, "show time zone").await, "Asia/Tokyo");
    assert_eq!(show(&a, "show application_name").await, "rust a");
    a.batch_execute("discard all").await?;
    fails(a.query("select count(*) from items", &[]).await, &SqlState::UNDEFINED_TABLE);
    Ok(())
}

async fn notifications_and_notices() -> Checked {
    let (client, mut connection) = config().connect(NoTls).await?;
    let (tell, mut heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(Ok(message)) = messages.next().await {
            let _ = tell.send(match message {
                AsyncMessage::Notice(notice) => format!("notice {}", notice.message()),
                AsyncMessage::Notification(n) => format!("notification {} {}", n.channel(), n.payload()),
                _ => continue,
            });
        }
    });
    client.batch_execute("listen rust_channel").await?;
    client.batch_execute("do $$ begin raise notice 'hello'; end $$").await?;
    assert_eq!(tokio::time::timeout(Duration::from_secs(60), heard.recv()).await?.unwrap(), "notice hello");
    connect().await.batch_execute("notify rust_channel, 'payload'").await?;
    assert_eq!(tokio::time::timeout(Duration::from_secs(60), heard.recv()).await?.unwrap(), "notification rust_channel payload");
    client.batch_execute("unlisten *").await?;
    Ok(())
}

async fn tls_with_scram_and_channel_binding() -> Checked {
    let mut roots = rustls::RootCertStore::empty();
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    for certificate in CertificateDer::pem_file_iter(env::var("PGSSLROOTCERT")?)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = MakeRustlsConnect::new(
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth(),
    );
    let mut config = config();
    config.ssl_mode(SslMode::Require).channel_binding(ChannelBinding::Require);
    let (client, connection) = config.connect(tls.clone()).await?;
    tokio::spawn(connection);
    assert_eq!(client.query_one("select $1::int", &[&42]).await?.get::<_, i32>(0), 42);
    assert_eq!(client.query_one("select repeat('t', 5000000)", &[]).await?.get::<_, &str>(0).len(), 5000000);
    let token = client.cancel_token();
    let canceller = tls.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        token.cancel_query(canceller).await
    });
    fails(client.query("select pg_sleep(300)", &[]).await, &SqlState::QUERY_CANCELED);
    config.password("wrong");
    fails(config.connect(tls).await.map(|_| ()), &SqlState::INVALID_PASSWORD);
    Ok(())
}

async fn many_connections() -> Checked {
    let clients = try_join_all((0..60).map(|_| async { connect_with(&config()).await })).await?;
    for turn in 0..3 {
        let answers = try_join_all(clients.iter().enumerate().map(|(n, c)| async move {
            c.query_one("select $1::int", &[&(n as i32 + turn)]).await.map(|row| row.get::<_, i32>(0))
        }))
        .await?;
        assert_eq!(answers, (0..60).map(|n| n + turn).collect::<Vec<_>>());
    }
    Ok(())
}

async fn leave_nothing_behind() -> Checked {
    connect().await.batch_execute(&format!("drop schema {SCHEMA} cascade")).await?;
    Ok(())
}

async fn check<F: Future<Output = Checked> + Send + 'static>(name: &str, work: F) {
    let since = Instant::now();
    match tokio::spawn(work).await {
        Ok(Ok(())) => println!("ok {name} ({} ms)", since.elapsed().as_millis()),
        Ok(Err(error)) => {
            println!("FAILED {name}: {error:?}");
            std::process::exit(1);
        }
        Err(panicked) => {
            println!("FAILED {name}: {panicked}");
            std::process::exit(1);
        }
    }
}

macro_rules! checks {
    ($($name:ident),* $(,)?) => { $( check(stringify!($name), $name()).await; )* };
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    checks!(
        prepare_schema,
        types_round_trip,
        prepared_statements,
        pipelined_queries,
        copy_in_and_out,
        portals_in_a_transaction,
        transactions_with_errors_and_savepoints,
        cancel_of_a_sleeping_statement,
        large_values,
        settings_stay_with_their_connection,
        notifications_and_notices,
        tls_with_scram_and_channel_binding,
        many_connections,
        leave_nothing_behind,
    );
}
