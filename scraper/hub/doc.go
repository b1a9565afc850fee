// Package hub is a client of the Hugging Face Hub: listings, trees, small files and ranged
// reads of large ones. It stays within the Hub's quotas, and sends credentials to the
// configured endpoint only. Colly drives the requests; connections, retries, waits and limits
// are those of this package's transport. docs/hub-protocol.md describes the protocol.
package hub
