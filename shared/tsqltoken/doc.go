// Package tsqltoken splits T-SQL into tokens: names, constants, parameters, operators and
// comments. It is the only tokenizer of T-SQL: the master's parser, a worker's check of its SQL
// text, the console's syntax highlighting and the clients' test for SELECT all use it.
//
// The rules are those of Microsoft's Transact-SQL reference:
//
//   - Names (https://learn.microsoft.com/sql/relational-databases/databases/database-identifiers):
//     a bare name is a letter or underscore, then letters, digits and underscores,
//     and no reserved word. [name] and "name" are delimited, as under
//     QUOTED_IDENTIFIER ON, and their closing mark is escaped by doubling.
//   - Constants (https://learn.microsoft.com/sql/t-sql/data-types/constants-transact-sql):
//     'text' and N'text', where a quotation mark within is doubled; 42, 3.50, .5
//     and 1e3; 0xC0FFEE, also without digits.
//   - Comments (https://learn.microsoft.com/sql/t-sql/language-elements/slash-star-comment-transact-sql):
//     -- up to the end of the line, and /* */, which nest.
//   - Parameters are @name. @@name is a function of SQL Server's.
//   - Reserved words
//     (https://learn.microsoft.com/sql/t-sql/language-elements/reserved-keywords-transact-sql)
//     are read in any case.
//
// Bare names are narrower than SQL Server's, which also allow other Unicode letters, and @, # and
// $. Those characters are separate tokens here, of the kind Stray, so that a word next to them is
// still seen: a check for a reserved word may have a false positive, never a false negative.
//
// Any text can be tokenized: an error in a token, such as an unterminated quote, is its Fault.
// Tokens never overlap, and only white space separates them. Each byte is read a bounded number
// of times, and a token allocates only if a doubled quote in its text must be unescaped.
package tsqltoken
