package wattledger.peer;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/**
 * Counter readings to intervals on Kafka Streams, one thread, until so many records are in: what a bench of the same fold is held
 * against. Arguments: brokers, application id, topic of readings, topic of intervals, schema id of intervals, records to warm up
 * with, records in all. Prints seconds, and seconds of CPU time of the process, of the records after the warm-up.
 */
public final class Peer {
    private static final OperatingSystemMXBean SYSTEM = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final long warm;
    private final long all;
    private final CountDownLatch done = new CountDownLatch(1);
    private long folded;
    private long beganNs;
    private long beganCpuNs;

    private Peer(long warm, long all) {
        this.warm = warm;
        this.all = all;
    }

    public static void main(String[] args) throws Exception {
        new Peer(Long.parseLong(args[5]), Long.parseLong(args[6])).run(args);
    }

    private void run(String[] args) throws Exception {
        int schemaId = Integer.parseInt(args[4]);
        var store = Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(Fold.STORE), Serdes.String(), Serdes.ByteArray());
        var topology = new Topology()
            .addSource("readings", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), args[2])
            .addProcessor("fold", () -> new Fold(schemaId, this::count), "readings")
            .addStateStore(store.withCachingEnabled(), "fold")
            .addSink("intervals", args[3], Serdes.String().serializer(), Serdes.ByteArray().serializer(), "fold");
        var streams = new KafkaStreams(topology, settings(args[0], args[1]));
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        streams.start();
        done.await();
        // Commits what is open.
        streams.close();
        double seconds = (System.nanoTime() - beganNs) / 1e9;
        double cpu = (SYSTEM.getProcessCpuTime() - beganCpuNs) / 1e9;
        System.out.printf(Locale.ROOT, "{\"seconds\":%.3f,\"cpuSeconds\":%.3f}%n", seconds, cpu);
    }

    /** Called by the one thread there is. */
    private void count() {
        folded++;
        if (folded == warm) {
            beganNs = System.nanoTime();
            beganCpuNs = SYSTEM.getProcessCpuTime();
        }
        if (folded == all) done.countDown();
    }

    private static Properties settings(String brokers, String application) {
        var settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64L * 1024 * 1024);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 * 1024 * 1024);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 * 1024);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 64L * 1024 * 1024);
        return settings;
    }
}
