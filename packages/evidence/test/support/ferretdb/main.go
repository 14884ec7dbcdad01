// A FerretDB with the SQLite handler, for tests: it speaks MongoDB's protocol on a loopback port and keeps its data in
// one directory. FerretDB's own command cannot be built from the module proxy (its version.txt is made at release and
// refuses to start without it). Its embeddable package can, but that one checks no passwords, so this does what it does;
// the name of the module lets it use the internal packages.
//
// Usage: ferretdb-for-tests DIRECTORY [HOST:PORT]
//
// From the environment, so that nothing of it is in the list of processes:
//
//	FERRETDB_USER, FERRETDB_PASSWORD  who may come in; without them, everybody
//	FERRETDB_CERTIFICATE, FERRETDB_KEY  files in PEM form: TLS, and nothing without
//	FERRETDB_CA  file: clients need a certificate of this authority
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
	"time"

	"github.com/FerretDB/FerretDB/build/version"
	"github.com/FerretDB/FerretDB/internal/clientconn"
	"github.com/FerretDB/FerretDB/internal/clientconn/connmetrics"
	"github.com/FerretDB/FerretDB/internal/handler/registry"
	"github.com/FerretDB/FerretDB/internal/util/password"
	"github.com/FerretDB/FerretDB/internal/util/state"
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
	if err := serve(os.Args[1], address); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(directory, address string) error {
	version.Get().Package = "embedded"
	provider, err := state.NewProvider("")
	if err != nil {
		return err
	}
	if err = provider.Update(func(s *state.State) {
		s.DisableTelemetry()
		s.TelemetryLocked = true
	}); err != nil {
		return err
	}

	certificate := os.Getenv("FERRETDB_CERTIFICATE")
	plain, secure := address, ""
	if certificate != "" {
		plain, secure = "", address
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	metrics := connmetrics.NewListenerMetrics()
	options := &registry.NewHandlerOpts{
		Logger:        logger,
		ConnMetrics:   metrics.ConnMetrics,
		StateProvider: provider,
		TCPHost:       plain,
		SQLiteURL:     "file:" + directory + "/",
		TestOpts:      registry.TestOpts{CappedCleanupPercentage: 10, BatchSize: 100},
	}
	if user := os.Getenv("FERRETDB_USER"); user != "" {
		options.EnableNewAuth = true
		options.SetupDatabase = "admin"
		options.SetupUsername = user
		options.SetupPassword = password.WrapPassword(os.Getenv("FERRETDB_PASSWORD"))
		options.SetupTimeout = time.Minute
	}
	handler, closeBackend, err := registry.NewHandler("sqlite", options)
	if closeBackend != nil {
		defer closeBackend()
	}
	if err != nil {
		return err
	}
	listener, err := clientconn.Listen(&clientconn.NewListenerOpts{
		TCP:         plain,
		TLS:         secure,
		TLSCertFile: certificate,
		TLSKeyFile:  os.Getenv("FERRETDB_KEY"),
		TLSCAFile:   os.Getenv("FERRETDB_CA"),
		Mode:        clientconn.NormalMode,
		Metrics:     metrics,
		Handler:     handler,
		Logger:      logger,
	})
	if err != nil {
		return err
	}

	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	go func() {
		if secure != "" {
			fmt.Printf("mongodb://%s/?tls=true\n", listener.TLSAddr())
		} else {
			fmt.Printf("mongodb://%s/\n", listener.TCPAddr())
		}
	}()
	listener.Run(ctx)
	return nil
}
