package org.pgkeel.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class ChartTest {
    @Test
    void it_is_well_formed_with_a_path_for_each_line_and_a_label_for_each_mark() throws Exception {
        Document svg = parse(new Chart("latency & <pauses>", Chart.Scale.LOGARITHMIC, 0.1).line("p50", "#000", new double[] {1, 2, Double.NaN, 4})
                .line("max", "#f00", new double[] {10, 200, Double.NaN, 4000}).mark(0.2, "kill -9 \"primary\"").svg());
        assertThat(svg.getElementsByTagName("path").getLength()).isEqualTo(2);
        assertThat(svg.getDocumentElement().getTextContent()).contains("latency & <pauses>", "kill -9 \"primary\"", "1,000");
    }

    @Test
    void a_line_breaks_where_there_is_no_value() throws Exception {
        Document svg = parse(new Chart("one", Chart.Scale.LINEAR, 0.1).line("one", "#000", new double[] {1, 2, Double.NaN, 4}).svg());
        String path = svg.getElementsByTagName("path").item(0).getAttributes().getNamedItem("d").getTextContent();
        assertThat(path.chars().filter(c -> c == 'M').count()).isEqualTo(2);
    }

    @Test
    void nothing_to_draw_is_an_empty_chart() throws Exception {
        assertThat(parse(new Chart("none", Chart.Scale.LINEAR, 0.1).svg()).getElementsByTagName("path").getLength()).isZero();
    }

    @Test
    void a_page_loads_nothing_and_shows_text_as_text() {
        String page = Html.page("a <b>", Html.table(List.of("x"), List.of(List.of(Html.text("<script>")))));
        assertThat(page).contains("a &lt;b&gt;", "&lt;script&gt;").doesNotContain("<script", "http", "src=");
    }

    private static Document parse(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
    }
}
