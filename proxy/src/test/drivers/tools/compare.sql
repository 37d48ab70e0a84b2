-- Says the same before and after a round trip.
select count(*), md5(string_agg(c::text, '|' order by id)) from dumped.children c;
select count(*), md5(string_agg(p::text, '|' order by id)) from dumped.parents p;
select count(*), md5(string_agg(m::text, '|' order by at)) from dumped.measures m;
select count(*), sum(n) from dumped.totals;
select (select last_value from dumped.counter), dumped.shout('x'), dumped.product(n) from generate_series(1, 5) n;
select c.relkind, count(*) from pg_class c join pg_namespace s on s.oid = c.relnamespace where s.nspname = 'dumped' group by 1 order by 1;
select count(*) from pg_proc p join pg_namespace s on s.oid = p.pronamespace where s.nspname = 'dumped';
select conname, pg_get_constraintdef(c.oid) from pg_constraint c join pg_namespace s on s.oid = c.connamespace where s.nspname = 'dumped' order by 1, 2;
select indexdef from pg_indexes where schemaname = 'dumped' order by 1;
select polname from pg_policy; select tgname from pg_trigger where not tgisinternal; select obj_description('dumped.children'::regclass);
