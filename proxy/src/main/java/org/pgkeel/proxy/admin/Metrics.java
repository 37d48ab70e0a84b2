package org.pgkeel.proxy.admin;

import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmInfoMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.netty4.NettyAllocatorMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/// `/metrics`: the JVM's and the process's meters from Micrometer, and PgKeel's own, made from snapshots at the scrape, so that
/// between scrapes they cost nothing.
/// Threading: shared, guarded by itself; a page may be made on any thread.
final class Metrics {
    private static final String OPEN_METRICS = "application/openmetrics-text";
    private static final String OPEN_METRICS_TYPE = OPEN_METRICS + "; version=1.0.0; charset=utf-8";
    private static final String TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbageCollection = new JvmGcMetrics();
    /// What the page that is being made shows of PgKeel.
    private Optional<Sample> shown = Optional.empty();

    Metrics() {
        List<MeterBinder> binders = List.of(new ClassLoaderMetrics(), garbageCollection, new JvmInfoMetrics(), new JvmMemoryMetrics(),
                new JvmThreadMetrics(), new FileDescriptorMetrics(), new ProcessorMetrics(), new UptimeMetrics());
        for (var binder : binders) binder.bindTo(registry);
        if (ByteBufAllocator.DEFAULT instanceof ByteBufAllocatorMetricProvider allocator) {
            new NettyAllocatorMetrics(allocator).bindTo(registry);
        }
        MultiCollector own = () -> new MetricSnapshots(PrometheusSeries.of(shown));
        registry.getPrometheusRegistry().register(own);
    }

    /// @param sample empty if the event loops did not answer: then the page has only what is known without them
    /// @param accept the Accept header: OpenMetrics for those that ask for it, else Prometheus text
    synchronized Page page(Optional<Sample> sample, String accept) {
        String type = accept.contains(OPEN_METRICS) ? OPEN_METRICS_TYPE : TEXT_TYPE;
        var body = new ByteArrayOutputStream();
        shown = sample;
        try {
            registry.scrape(body, type);
        } catch (IOException e) {
            throw new UncheckedIOException(e);   // a byte array does not fail
        } finally {
            shown = Optional.empty();
        }
        return new Page(HttpResponseStatus.OK, type, body.toByteArray());
    }

    void close() {
        garbageCollection.close();
        registry.close();
    }
}
