package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"shardeck/shared/api"
	"shardeck/shared/client"
)

// Every error is an *api.Problem; here the master is unreachable.
func Example() {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	address := free.Addr().String()
	free.Close() // nothing listens there any more

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	m := client.NewMaster("http://" + address)
	defer m.Close()
	_, err = m.Insert(ctx, &api.InsertRequest{DB: "ShopDB", Table: "Orders"})
	var p *api.Problem
	if errors.As(err, &p) {
		fmt.Println(p.Code)
	}
	if api.CodeOf(err) != api.CodeOutcomeUnknown {
		fmt.Println("nothing was written")
	}
	// Output:
	// shard_unavailable
	// nothing was written
}

// A stream returns rows in blocks of lines, in bounded memory. It is complete when NextBlock
// returns io.EOF; any other error says why it was cut off.
func ExampleMaster_QueryStream() {
	ctx := context.Background()
	m := client.NewMaster("http://127.0.0.1:8080")
	defer m.Close()
	rows, err := m.QueryStream(ctx, &api.SQLRequest{DB: "SchoolDB", SQL: "SELECT name FROM Students ORDER BY name"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer rows.Close()
	for {
		block, err := rows.NextBlock()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		os.Stdout.Write(block)
	}
	fmt.Fprintln(os.Stderr, rows.Rows(), "rows")
}
