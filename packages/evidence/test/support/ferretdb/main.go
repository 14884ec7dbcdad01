// A FerretDB with the SQLite handler, for tests: it speaks MongoDB's protocol on a loopback port and keeps its data in
// one directory. FerretDB's own command cannot be built from the module proxy (its version.txt is made at release and
// refuses to start without it), its embeddable package can.
//
// Usage: ferretdb-for-tests DIRECTORY [HOST:PORT]
//
// It prints its URI as one line on standard output and runs until standard input ends, so that it never outlives
// whoever started it.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	if len(os.Args) != 2 && len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: ferretdb-for-tests DIRECTORY [HOST:PORT]")
		os.Exit(2)
	}
	address := "127.0.0.1:0"
	if len(os.Args) == 3 {
		address = os.Args[2]
	}

	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: address},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Handler:   "sqlite",
		SQLiteURL: "file:" + os.Args[1] + "/",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	go func() { fmt.Println(server.MongoDBURI()) }()

	if err := server.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
