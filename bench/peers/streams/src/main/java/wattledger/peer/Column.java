package wattledger.peer;

import java.util.ArrayList;
import java.util.List;

/** How a column is written: docs/columns.md. */
final class Column {
    private Column() {}

    /** Ends where the last entry only repeats itself; empty where all entries are 0. */
    static List<Long> cut(long[] entries) {
        int keep = entries.length;
        long last = entries[keep - 1];
        while (keep > 1 && entries[keep - 2] == last) keep--;
        if (keep == 1 && last == 0) return List.of();
        var column = new ArrayList<Long>(keep);
        for (int i = 0; i < keep; i++) column.add(entries[i]);
        return column;
    }
}
