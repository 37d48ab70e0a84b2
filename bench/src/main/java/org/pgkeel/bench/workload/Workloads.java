package org.pgkeel.bench.workload;

import java.util.List;
import java.util.stream.Stream;

/// All workloads whose clients live here; pgbench comes beside them.
public final class Workloads {
    private Workloads() {}

    public static List<Workload> all() {
        return List.of(new TransferLoad(), new AppendLoad(), new InsertLoad(JdbcClient.Mode.SIMPLE), new InsertLoad(JdbcClient.Mode.EXTENDED),
                new InsertLoad(JdbcClient.Mode.PREPARED), new PipelineLoad(PipelineLoad.Form.EACH), new PipelineLoad(PipelineLoad.Form.TOGETHER), new CopyLoad(), new ScriptLoad(),
                new RoutineLoad(), new CounterLoad(), new StormLoad());
    }

    /// Statements that make what their clients use: tables, functions, procedures.
    ///
    /// @param names of workloads, pgbench may be among them
    public static List<String> schema(List<String> names) {
        Stream<String> own = all().stream().filter(workload -> names.contains(workload.name())).flatMap(workload -> workload.schema().stream());
        return Stream.concat(own, names.contains(PgbenchLoad.NAME) ? PgbenchLoad.schema().stream() : Stream.empty()).toList();
    }
}
