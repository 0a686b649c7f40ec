package cyrus

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// libraryGreeting is what go-imap gets to see in place of the server's greeting,
// which is read here: what was said before TLS counts for nothing after it.
const libraryGreeting = "* OK ready\r\n"

// ErrTLS says that the connection cannot be protected as asked.
var ErrTLS = errors.New("the connection is not protected")

// connect dials the server, protects the connection as asked and reads the
// greeting.
func connect(ctx context.Context, o Options) (*wire, error) {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, err
	}
	config, err := tlsConfig(host, o)
	if err != nil {
		return nil, err
	}
	socket, err := (&net.Dialer{}).DialContext(ctx, "tcp", o.Address)
	if err != nil {
		return nil, err
	}
	// While nothing reads from the socket but this function, the end of the
	// context closes it.
	stop := context.AfterFunc(ctx, func() { socket.Close() })
	defer stop()
	conn, rest, err := greet(ctx, socket, config, o.TLS)
	if err != nil {
		socket.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	return newWire(conn, socket, libraryGreeting+rest), nil
}

// greet returns the connection to speak over, and what the server said on it
// behind the greeting.
func greet(ctx context.Context, socket net.Conn, config *tls.Config, mode TLS) (_ net.Conn, rest string, err error) {
	conn := socket
	switch mode {
	case None:
		if address, ok := socket.RemoteAddr().(*net.TCPAddr); !ok || !address.IP.IsLoopback() {
			return nil, "", fmt.Errorf("%w: tls is none, and %v is not on this machine's loopback interface", ErrTLS, socket.RemoteAddr())
		}
	case ImplicitTLS:
		if conn, err = handshake(ctx, socket, config); err != nil {
			return nil, "", err
		}
	}
	const longestLine = 8192
	reader := bufio.NewReaderSize(conn, longestLine)
	greeting, err := reader.ReadSlice('\n')
	if err != nil {
		return nil, "", fmt.Errorf("read the greeting: %w", err)
	}
	if !strings.HasPrefix(string(greeting), "* OK") {
		return nil, "", fmt.Errorf("the server greets with %s", sample(greeting))
	}
	if mode == StartTLS {
		if err := upgrade(socket, reader); err != nil {
			return nil, "", fmt.Errorf("%w: STARTTLS: %w", ErrTLS, err)
		}
		conn, err = handshake(ctx, socket, config)
		return conn, "", err
	}
	behind, err := reader.Peek(reader.Buffered())
	return conn, string(behind), err
}

func handshake(ctx context.Context, socket net.Conn, config *tls.Config) (net.Conn, error) {
	conn := tls.Client(socket, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("%w: TLS handshake: %w", ErrTLS, err)
	}
	return conn, nil
}

// tlsConfig says whom to trust and by which name to know the server.
func tlsConfig(host string, o Options) (*tls.Config, error) {
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if o.CAFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read the certificates to trust: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", o.CAFile)
	}
	return config, nil
}

// upgrade asks for TLS and stops where the handshake begins. Bytes that came
// together with the consent were put there by someone in between (RFC 9051,
// section 6.2.1).
func upgrade(socket net.Conn, reader *bufio.Reader) error {
	if _, err := socket.Write([]byte("a STARTTLS\r\n")); err != nil {
		return err
	}
	const mostLines = 20
	for range mostLines {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		switch {
		case strings.HasPrefix(string(line), "* "):
		case !strings.HasPrefix(string(line), "a OK"):
			return fmt.Errorf("the server answers %s", sample(line))
		case reader.Buffered() > 0:
			return errors.New("something was put between the answer and the TLS handshake")
		default:
			return nil
		}
	}
	return errors.New("the server talks instead of answering")
}
