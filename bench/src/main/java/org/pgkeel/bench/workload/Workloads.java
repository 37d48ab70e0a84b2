package org.pgkeel.bench.workload;

import java.util.List;

/// All workloads whose clients live here; pgbench comes beside them.
public final class Workloads {
    private Workloads() {}

    public static List<Workload> all() {
        return List.of(new TransferLoad(), new AppendLoad(), new InsertLoad(JdbcClient.Mode.SIMPLE), new InsertLoad(JdbcClient.Mode.EXTENDED),
                new InsertLoad(JdbcClient.Mode.PREPARED), new PipelineLoad(PipelineLoad.Form.EACH), new PipelineLoad(PipelineLoad.Form.TOGETHER), new CopyLoad(), new ScriptLoad(),
                new RoutineLoad(), new CounterLoad(), new StormLoad());
    }
}
