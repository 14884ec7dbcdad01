{
  "targets": [
    {
      "target_name": "godo_native",
      "sources": [
        "src/addon.cc",
        "src/arguments.cc",
        "src/audit-control.cc",
        "src/audit-receive.cc",
        "src/audit-request.cc",
        "src/clocks.cc",
        "src/connector.cc",
        "src/datagram-batch.cc",
        "src/errors.cc",
        "src/netlink-socket.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NAPI_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags": ["-O2", "-Wall", "-Wextra"],
      "cflags_cc": ["-fexceptions", "-fvisibility=hidden"],
      "cflags_cc!": ["-fno-exceptions"]
    }
  ]
}
