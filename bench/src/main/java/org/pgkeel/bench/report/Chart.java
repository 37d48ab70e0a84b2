package org.pgkeel.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A small chart over time as inline SVG: lines or bars above a time axis in seconds, a scale to the left, and vertical marks.
///
/// Threading: confined to one thread.
public final class Chart {
    /// How the vertical axis runs.
    public enum Scale {
        /// From zero.
        LINEAR,
        /// By powers of ten, from one; what is less is drawn at one.
        LOGARITHMIC
    }

    private record Series(String name, String colour, double[] values) {}

    private record Mark(double seconds, String what) {}

    private static final int WIDTH = 900;
    private static final int HEIGHT = 170;
    private static final int LEFT = 56;
    private static final int RIGHT = 12;
    private static final int TOP = 30;
    private static final int BOTTOM = 22;

    private final String title;
    private final Scale scale;
    private final double secondsPerValue;
    private final List<Series> series = new ArrayList<>();
    private final List<Mark> marks = new ArrayList<>();
    private double seconds;
    private double top = 1;

    public Chart(String title, Scale scale, double secondsPerValue) {
        this.title = title;
        this.scale = scale;
        this.secondsPerValue = secondsPerValue;
    }

    /// @param values NaN where there is none
    public Chart line(String name, String colour, double[] values) {
        series.add(new Series(name, colour, values));
        seconds = Math.max(seconds, values.length * secondsPerValue);
        for (double value : values) if (value > top) top = value;
        return this;
    }

    public Chart mark(double atSeconds, String what) {
        marks.add(new Mark(atSeconds, what));
        return this;
    }

    public String svg() {
        var svg = new StringBuilder();
        svg.append("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">".formatted(WIDTH, HEIGHT, Html.text(title)));
        svg.append("<text class=\"title\" x=\"%d\" y=\"12\">%s</text>".formatted(LEFT, Html.text(title)));
        legend(svg);
        grid(svg);
        marks(svg);
        for (Series each : series) line(svg, each);
        return svg.append("</svg>").toString();
    }

    private void legend(StringBuilder svg) {
        if (series.size() < 2) return;
        int x = WIDTH - RIGHT - 70 * series.size();
        for (Series each : series) {
            svg.append("<line x1=\"%d\" y1=\"8\" x2=\"%d\" y2=\"8\" stroke=\"%s\" stroke-width=\"2\"/><text x=\"%d\" y=\"12\">%s</text>"
                    .formatted(x, x + 14, each.colour, x + 18, Html.text(each.name)));
            x += 70;
        }
    }

    private void grid(StringBuilder svg) {
        for (double value : ticks()) {
            double y = y(value);
            svg.append(at("<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT, y, y));
            svg.append(at("<text class=\"tick\" text-anchor=\"end\" x=\"%d\" y=\"%.1f\">%s</text>", LEFT - 6, y + 4, number(value)));
        }
        double step = step(seconds, 12);
        for (double at = 0; at <= seconds; at += step) {
            svg.append(at("<text class=\"tick\" text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">%s s</text>", x(at), HEIGHT - 6, number(at)));
        }
    }

    private void marks(StringBuilder svg) {
        int line = 0;
        for (Mark mark : marks) {
            double x = x(mark.seconds);
            boolean late = x > WIDTH * 0.75;
            svg.append(at("<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", x, x, TOP - 10, HEIGHT - BOTTOM));
            svg.append(at("<text class=\"marked\" text-anchor=\"%s\" x=\"%.1f\" y=\"%d\">%s</text>", late ? "end" : "start", late ? x - 3 : x + 3,
                    TOP + 11 * (line++ % 4), Html.text(mark.what)));
        }
    }

    private void line(StringBuilder svg, Series each) {
        var path = new StringBuilder();
        boolean drawing = false;
        for (int i = 0; i < each.values.length; i++) {
            if (Double.isNaN(each.values[i])) {
                drawing = false;
                continue;
            }
            path.append(at("%s%.1f %.1f", drawing ? "L" : "M", x((i + 0.5) * secondsPerValue), y(each.values[i])));
            // A value with gaps on both sides is a dot.
            boolean alone = !drawing && (i + 1 == each.values.length || Double.isNaN(each.values[i + 1]));
            if (alone) path.append("h.1");
            drawing = true;
        }
        svg.append("<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.4\" stroke-linecap=\"round\"/>".formatted(path, each.colour));
    }

    private double x(double atSeconds) {
        return LEFT + (WIDTH - LEFT - RIGHT) * Math.clamp(atSeconds / Math.max(seconds, 0.001), 0, 1);
    }

    private double y(double value) {
        double part = switch (scale) {
            case LINEAR -> value / top;
            case LOGARITHMIC -> Math.log10(Math.max(value, 1)) / Math.max(Math.log10(top), 0.001);
        };
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part;
    }

    private List<Double> ticks() {
        var ticks = new ArrayList<Double>();
        switch (scale) {
            case LINEAR -> {
                double step = step(top, 4);
                for (double value = 0; value <= top; value += step) ticks.add(value);
            }
            case LOGARITHMIC -> {
                for (double value = 1; value <= top; value *= 10) ticks.add(value);
            }
        }
        return ticks;
    }

    /// 1, 2 or 5 times a power of ten, so that there are about that many steps.
    private static double step(double span, int steps) {
        double raw = Math.max(span, 0.001) / steps;
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        double digit = raw / power;
        return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    private static String number(double value) {
        return value == Math.rint(value) ? String.format(Locale.ROOT, "%,d", (long) value) : String.format(Locale.ROOT, "%.1f", value);
    }

    private static String at(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
