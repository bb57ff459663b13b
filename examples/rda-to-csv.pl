#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
# rda-to-csv.pl LABEL: reads an uncompressed R data file (.rda) that holds one data frame of numbers and factors from standard input,
# and prints it as CSV: a comment with the classes' names, the columns' names, then the rows, the factor LABEL last and 0-based.
# The format: "R Internals", section 1.8, Serialization Formats; its XDR variant, version 2 or 3. Perl is on every Debian machine.
use strict;
use warnings;

my $label = shift or die "usage: rda-to-csv.pl LABEL < FILE.rda\n";
binmode STDIN;
local $/;
my $data = <STDIN>;
my $at = 0;
my @references;

sub bytes {
  my $n = shift;
  die "rda-to-csv.pl: the file is cut\n" if $n < 0 || $at + $n > length $data;
  my $bytes = substr $data, $at, $n;
  $at += $n;
  return $bytes;
}
sub integer { return unpack 'l>', bytes(4) }

sub pairs {    # of a pairlist, until its end
  my %pairs;
  while ((my $flags = integer()) != 254) {
    die "rda-to-csv.pl: expected a list with names\n" unless ($flags & 255) == 2 && $flags & 1024;
    item() if $flags & 512;
    my $name = item()->{value};
    $pairs{$name} = item();
  }
  return %pairs;
}

sub item {
  my $flags = integer();
  my $type = $flags & 255;
  return {value => undef} if $type == 254;
  return $references[($flags >> 8) - 1] if $type == 255;
  if ($type == 1) {    # symbol
    push @references, item();
    return $references[-1];
  }
  if ($type == 9) {    # text; -1 is NA
    my $length = integer();
    return {value => $length < 0 ? 'NA' : bytes($length)};
  }
  my $count = integer();
  my %vector;
  if ($type == 10 || $type == 13) {    # logical, integer or factor
    $vector{value} = [unpack 'l>*', bytes(4 * $count)];
  } elsif ($type == 14) {              # double
    $vector{value} = [unpack 'd>*', bytes(8 * $count)];
  } elsif ($type == 16) {              # text
    $vector{value} = [map { item()->{value} } 1 .. $count];
  } elsif ($type == 19) {              # list
    $vector{value} = [map { item() } 1 .. $count];
  } else {
    die "rda-to-csv.pl: cannot read R's type $type\n";
  }
  $vector{attributes} = {pairs()} if $flags & 512;
  return \%vector;
}

my $magic = bytes(7);
die "rda-to-csv.pl: this is no R data file in XDR format\n" unless $magic =~ /^RDX([23])\nX\n$/;
bytes(12);                       # the versions of the format, of R that wrote it, of R that can read it
bytes(integer()) if $1 == 3;     # the encoding
my ($frame) = values %{{pairs()}};
my @names = @{$frame->{attributes}{names}{value}};
my @columns = @{$frame->{value}};
my ($class) = grep { $names[$_] eq $label } 0 .. $#names;
die "rda-to-csv.pl: there is no column '$label'; there are: @names\n" unless defined $class;
my @features = grep { $_ != $class } 0 .. $#names;
print '# classes: ', join('|', @{$columns[$class]{attributes}{levels}{value}}), "\n", join(',', @names[@features], 'class'), "\n";

my @text = map {
  my $levels = $_->{attributes}{levels};
  $levels ? [map { $levels->{value}[$_ - 1] } @{$_->{value}}] : $_->{value};
} @columns;
for my $row (0 .. $#{$columns[$class]{value}}) {
  print join(',', (map { $text[$_][$row] } @features), $columns[$class]{value}[$row] - 1), "\n";
}
