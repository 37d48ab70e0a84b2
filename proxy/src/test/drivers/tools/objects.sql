-- One of each: what pg_dump has to read through the catalogue and write again.
create schema dumped;
create type dumped.mood as enum ('sad', 'ok', 'happy');
create type dumped.pair as (x int, y text);
create domain dumped.positive as int check (value > 0);
create type dumped.span as range (subtype = float8);
create sequence dumped.counter start 100 increment 5;
create table dumped.parents (id int generated always as identity primary key, name text not null unique, feels dumped.mood default 'ok');
create table dumped.children (
  id bigint default nextval('dumped.counter') primary key,
  parent int references dumped.parents on delete cascade deferrable initially deferred,
  size dumped.positive, twin dumped.pair, within dumped.span, doubled int generated always as (size * 2) stored,
  body bytea, tags text[], doc jsonb, at timestamptz default '2024-02-29 12:00+00', amount numeric(12, 3),
  constraint sane check (size < 1000000), exclude using gist (within with &&));
create index on dumped.children (parent) where size > 10;
create index on dumped.children (lower(doc ->> 'a'));
create table dumped.measures (at date, value int) partition by range (at);
create table dumped.measures_2023 partition of dumped.measures for values from ('2023-01-01') to ('2024-01-01');
create table dumped.measures_rest partition of dumped.measures default;
create view dumped.happy as select name from dumped.parents where feels = 'happy';
create materialized view dumped.totals as select parent, count(*) as n from dumped.children group by parent;
create function dumped.shout(t text) returns text language sql immutable as $$ select upper(t) || '!' $$;
create procedure dumped.rename(i int, n text) language plpgsql as $$ begin update dumped.parents set name = n where id = i; end $$;
create aggregate dumped.product(int) (sfunc = int4mul, stype = int, initcond = '1');
create function dumped.touch() returns trigger language plpgsql as $$ begin new.name := dumped.shout(new.name); return new; end $$;
create trigger touched before insert on dumped.parents for each row execute function dumped.touch();
create rule refuse as on delete to dumped.happy do instead nothing;
alter table dumped.parents enable row level security;
create policy everyone on dumped.parents using (true);
create statistics dumped.related on parent, size from dumped.children;
comment on table dumped.children is 'with a ''quote'' and a
second line';
grant select on dumped.parents to public;
insert into dumped.parents (name, feels) select 'parent ' || n, (array['sad', 'ok', 'happy'])[n % 3 + 1]::dumped.mood from generate_series(1, 50) n;
insert into dumped.children (parent, size, twin, within, body, tags, doc, amount)
  select n % 50 + 1, n, row(n, ('y' || n)::text)::dumped.pair, dumped.span(n, n + 0.5), decode(repeat(md5(n::text), 20), 'hex'),
         array['a,b', null, '"' || n], jsonb_build_object('a', n, 'b', array[n, n]), n / 7.0
  from generate_series(1, 2000) n;
insert into dumped.measures select '2023-01-01'::date + n, n from generate_series(0, 600) n;
refresh materialized view dumped.totals;
