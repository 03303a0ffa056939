package wattledger.peer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import wattledger.Intervals;
import wattledger.Readings;

/** A block of counter readings in, a block of the energy between them out; the last reading of each series stays in the store. No rules. */
final class Fold implements Processor<String, byte[], String, byte[]> {
    static final String STORE = "last";

    /** Confluent framing: a zero byte and the schema id. */
    private static final int HEADER_BYTES = 5;
    private static final int STATE_BYTES = 4 * Long.BYTES;
    private static final List<Long> ABSENT = List.of();
    private static final List<Long> ONE = List.of(1L);
    private static final List<Long> TWO = List.of(2L);

    private final SpecificDatumReader<Readings> reader = new SpecificDatumReader<>(Readings.class);
    private final SpecificDatumWriter<Intervals> writer = new SpecificDatumWriter<>(Intervals.class);
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final byte[] header;
    private final Runnable folded;
    private BinaryDecoder decoder;
    private BinaryEncoder encoder;
    private Readings readings;
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> states;

    Fold(int schemaId, Runnable folded) {
        this.header = ByteBuffer.allocate(HEADER_BYTES).put((byte) 0).putInt(schemaId).array();
        this.folded = folded;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        this.states = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
        try {
            byte[] value = record.value();
            decoder = DecoderFactory.get().binaryDecoder(value, HEADER_BYTES, value.length - HEADER_BYTES, decoder);
            readings = reader.read(readings, decoder);
            Intervals intervals = fold(readings);
            if (intervals != null) context.forward(record.withValue(encoded(intervals)));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        folded.run();
    }

    private Intervals fold(Readings block) {
        var metadata = context.recordMetadata().orElseThrow();
        String key = block.getPoint() + '\0' + block.getRegister();
        byte[] stored = states.get(key);
        var state = stored == null ? null : ByteBuffer.wrap(stored);
        int rows = block.getRows();
        int first = state == null ? 1 : 0;
        List<Long> ats = block.getAt();
        List<Long> values = block.getValue();
        long at = state == null ? entry(ats, 0) : state.getLong(0);
        long value = state == null ? entry(values, 0) : state.getLong(Long.BYTES);
        long offset = state == null ? metadata.offset() : state.getLong(2 * Long.BYTES);
        long rev = state == null ? 0 : state.getLong(3 * Long.BYTES);
        long[] lengths = new long[rows - first];
        long[] milli = new long[rows - first];
        long startAt = at;
        long startValue = value;
        // Columns hold differences, the first absolute.
        long nextAt = first == 1 ? at : 0;
        long nextValue = first == 1 ? value : 0;
        for (int i = first; i < rows; i++) {
            nextAt += entry(ats, i);
            nextValue += entry(values, i);
            lengths[i - first] = nextAt - at;
            milli[i - first] = nextValue - value;
            at = nextAt;
            value = nextValue;
        }
        if (rows > first) rev++;
        byte[] next = new byte[STATE_BYTES];
        ByteBuffer.wrap(next).putLong(at).putLong(value).putLong(metadata.offset()).putLong(rev);
        states.put(key, next);
        if (rows == first) return null;
        var out = new Intervals();
        out.setPoint(block.getPoint());
        out.setRegister(block.getRegister());
        out.setUnit(block.getUnit());
        out.setSource(block.getSource());
        out.setNative$(0L);
        out.setRuleVersion(1);
        out.setBeat(0L);
        out.setWords(List.of("", "counter", metadata.topic()));
        out.setPartition(metadata.partition());
        out.setRows(rows - first);
        out.setStart(opening(startAt, rows - first));
        out.setEnd(Column.cut(lengths));
        out.setMilli(Column.cut(milli));
        out.setOp(ABSENT);
        out.setLow(ABSENT);
        out.setHigh(ABSENT);
        out.setQuality(ABSENT);
        out.setRule(ONE);
        out.setRev(List.of(rev));
        out.setKnownAt(opening(block.getIngestedAt().toEpochMilli(), rows - first));
        out.setFromAt(ABSENT);
        out.setFromValue(opening(startValue, rows - first));
        out.setToAt(ABSENT);
        out.setToValue(ABSENT);
        out.setFromTopic(opening(2, rows - first));
        out.setFromOffset(opening(offset, rows - first));
        out.setToTopic(TWO);
        out.setToOffset(opening(metadata.offset(), rows - first));
        out.setFactor(ABSENT);
        out.setTravel(ABSENT);
        return out;
    }

    private byte[] encoded(Intervals intervals) throws IOException {
        bytes.reset();
        bytes.write(header);
        encoder = EncoderFactory.get().binaryEncoder(bytes, encoder);
        writer.write(intervals, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    /** An entry, and no more: all rows after it are as expected. */
    private static List<Long> opening(long entry, int rows) {
        return rows == 1 ? List.of(entry) : List.of(entry, 0L);
    }

    /** The entry of a row in a column that may have been cut. */
    private static long entry(List<Long> column, int row) {
        return column.isEmpty() ? 0 : column.get(Math.min(row, column.size() - 1));
    }
}
