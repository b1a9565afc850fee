// Package evallog reads the logs of evaluation tools, which hold one model's answers item by
// item, into the values that a warehouse imports. What a file is, its content says.
//
// A tool that scores an answer in several ways, by several filters or several times leaves the
// choice to the user: a log that can mean two things is a *corpus.DataError of kind
// corpus.KindAmbiguous that names the flag which answers it.
package evallog
