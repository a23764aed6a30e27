// .bmodel files made of others, as the vendor's model_tool makes them: one file of several, several of one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace vnpu::bmodel {

// All stages of all nets, in the order of the files, and the first file's kernel module; nets of one name become one.
// `time`: the text that the new file tells as its time of creation. Throws what read() throws, Error(damaged) for
// further ranges beyond the file, and Error(usage) when two stages of a net have the same shapes or a net's files
// disagree in how they address memory.
Bytes combined(const std::vector<ByteView>& files, const std::string& time);

// Every stage of every net as a file of its own, without modules: `sink` gets the indices of net and stage and the
// file. Throws likewise.
using ExtractSink = std::function<void(std::size_t net, std::size_t stage, const Bytes& file)>;
void extract(ByteView file, const std::string& time, const ExtractSink& sink);

}  // namespace vnpu::bmodel
