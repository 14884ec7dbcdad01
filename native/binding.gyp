{
  "targets": [
    {
      "target_name": "godo_native",
      "sources": [
        "src/addon.cc",
        "src/arguments.cc",
        "src/audit-control.cc",
        "src/audit-decoder-door.cc",
        "src/audit-decoder.cc",
        "src/audit-receive.cc",
        "src/audit-request.cc",
        "src/boot-watch.cc",
        "src/clocks.cc",
        "src/connector-gathering.cc",
        "src/connector.cc",
        "src/datagram-batch.cc",
        "src/entry-output.cc",
        "src/errors.cc",
        "src/event-encoder.cc",
        "src/host-log.cc",
        "src/netlink-socket.cc",
        "src/file-lock.cc",
        "src/open-in-root.cc",
        "src/own-process.cc",
        "src/pending-event.cc",
        "src/proc-directory.cc",
        "src/process-descriptors.cc",
        "src/process-links.cc",
        "src/reassembler.cc",
        "src/record-fields.cc",
        "src/record-filter.cc",
        "src/record-head.cc",
        "src/record-ring.cc",
        "src/record-types.cc",
        "src/serial-watch.cc",
        "src/syscall-record.cc",
        "src/task-statistics.cc",
        "src/text-epochs.cc",
        "src/text-table.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NAPI_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags": ["-O2", "-Wall", "-Wextra"],
      "cflags_cc": ["-fexceptions", "-fvisibility=hidden"],
      "cflags_cc!": ["-fno-exceptions"]
    }
  ]
}
