// Tables of text in the forms that the vendors' Python tools print.
#pragma once

#include <string>
#include <vector>

namespace vnpu::cli {

// `form`: "simple", "grid", "html" or "jira". Every row has as many cells as the header; all columns are text, which
// stands left. Without an end of line. Throws Error(usage) for another form.
std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                       const std::string& form);

}  // namespace vnpu::cli
