// Package tsqltoken cuts T-SQL into tokens: names, constants, parameters,
// operators and comments. The master's parser, a worker's check of what it is
// sent, the console's colours and the clients' question whether a statement is a
// SELECT read text by these rules, and by no others.
//
// The rules are those of Microsoft's Transact-SQL reference:
//
//   - Names (https://learn.microsoft.com/sql/relational-databases/databases/database-identifiers):
//     a bare name is a letter or underscore, then letters, digits and underscores,
//     and no reserved word. [name] and "name" are delimited, as under
//     QUOTED_IDENTIFIER ON, and their closing mark stands for itself when doubled.
//   - Constants (https://learn.microsoft.com/sql/t-sql/data-types/constants-transact-sql):
//     'text' and N'text', where a quotation mark within is doubled; 42, 3.50, .5
//     and 1e3; 0xC0FFEE, of which the digits may be missing.
//   - Comments (https://learn.microsoft.com/sql/t-sql/language-elements/slash-star-comment-transact-sql):
//     -- up to the end of the line, and /* */, which nest.
//   - Parameters are @name. @@name is a function of SQL Server's.
//   - Reserved words
//     (https://learn.microsoft.com/sql/t-sql/language-elements/reserved-keywords-transact-sql)
//     are read in any case.
//
// Bare names are narrower than SQL Server's, which also takes other letters of
// Unicode, and @, # and $. Those characters are tokens of their own here, of the
// kind Stray, so that a word next to them is still seen: a check for a reserved
// word may then see one too many, never one too few.
//
// Any text has tokens: what is wrong with one, as a quote that does not end, is its
// Fault. Tokens never overlap, and between them is only white space. Each byte is
// looked at a bounded number of times, and a token allocates only when a doubled
// mark has to be undone in its text.
package tsqltoken
